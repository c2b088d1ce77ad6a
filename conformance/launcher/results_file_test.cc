// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/results_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <thread>
#include <utility>

#include "conformance/launcher/file_io.h"

namespace lxcspec::launcher {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;

constexpr char kRun[] = R"({"record":"run","schema":1})"
                        "\n";
constexpr char kNeed[] = R"({"record":"need","name":"pty"})"
                         "\n";
constexpr char kStart[] = R"({"record":"start","test":"A.B","iteration":1})"
                          "\n";
constexpr char kResult[] = R"({"record":"result","test":"A.B","iteration":1})"
                           "\n";
constexpr char kStart2[] = R"({"record":"start","test":"A.C","iteration":1})"
                           "\n";
constexpr char kEnd[] = R"({"record":"end","planned":2,"executed":2})"
                        "\n";

std::string Head() { return std::string(kRun) + kNeed; }

TEST(ReadPastRunTest, AnEmptyFileHasNothingToResume) {
  const auto past = ReadPastRun("");
  ASSERT_TRUE(past);
  EXPECT_TRUE(past->run.is_null());
}

TEST(ReadPastRunTest, KnowsWhatIsFinished) {
  const auto past = ReadPastRun(Head() + kStart + kResult + kStart2);
  ASSERT_TRUE(past);
  EXPECT_EQ(past->run["schema"], 1);
  EXPECT_EQ(past->needs.size(), 1U);
  EXPECT_THAT(past->finished, ElementsAre(PlannedTest{"A.B", 1}));
  EXPECT_FALSE(past->ended);
}

TEST(ReadPastRunTest, EveryPrefixOfAFileCanBeResumed) {
  const std::string whole = Head() + kStart + kResult + kStart2 + kEnd;
  for (size_t size = 0; size <= whole.size(); ++size) {
    const auto past = ReadPastRun(whole.substr(0, size));
    ASSERT_TRUE(past) << whole.substr(0, size);
    EXPECT_LE(past->kept_bytes, size);
    EXPECT_THAT(whole.substr(0, past->kept_bytes), AnyOf("", EndsWith("\n")));
  }
}

TEST(ReadPastRunTest, ATornLineIsDropped) {
  const std::string whole = Head() + kStart + kResult;
  const auto past = ReadPastRun(whole + R"({"record":"resu)");
  ASSERT_TRUE(past);
  EXPECT_EQ(past->kept_bytes, whole.size());
}

// What is asked before the tests may be half there, so it is asked again.
TEST(ReadPastRunTest, WithoutAStartedTestNothingIsKept) {
  const auto past = ReadPastRun(Head());
  ASSERT_TRUE(past);
  EXPECT_TRUE(past->run.is_null());
  EXPECT_EQ(past->kept_bytes, 0U);
}

TEST(ReadPastRunTest, KnowsAFinishedRun) {
  EXPECT_TRUE(ReadPastRun(Head() + kStart + kResult + kEnd)->ended);
  EXPECT_FALSE(ReadPastRun(Head() + kStart + kResult + kEnd + kStart2)->ended);
}

TEST(ReadPastRunTest, IgnoresRecordsAndFieldsItDoesNotKnow) {
  EXPECT_TRUE(ReadPastRun(Head() +
                          R"({"record":"splat","x":[1]})"
                          "\n" +
                          kStart));
}

TEST(ReadPastRunTest, RefusesWhatIsNoRecordWithinTheFile) {
  for (const char* line : {"garbage\n", "[]\n", "{}\n",
                           R"({"record":"result","test":1})"
                           "\n"}) {
    EXPECT_FALSE(ReadPastRun(Head() + line + kStart)) << line;
  }
  EXPECT_FALSE(ReadPastRun(std::string(kStart) + kResult));
}

class ResultsFileTest : public ::testing::Test {
 protected:
  const std::string path_ = ::testing::TempDir() + "results.jsonl";

  void TearDown() override { unlink(path_.c_str()); }
};

TEST_F(ResultsFileTest, AppendsOneLineARecordAndReplacesBytesThatAreNoText) {
  auto file = ResultsFile::Open(path_, false);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->Append({{"record", "x"}, {"output", "a\xff\n"}}));
  EXPECT_EQ(*ReadFile(path_), "{\"output\":\"a\xef\xbf\xbd\\n\",\"record\":\"x\"}\n");
}

TEST_F(ResultsFileTest, ResumingCutsTheTornLineAndGoesOnBehindTheRest) {
  ASSERT_TRUE(CreateFile(path_, Head() + kStart + kResult + "{\"rec"));
  auto file = ResultsFile::Open(path_, true);
  ASSERT_TRUE(file);
  EXPECT_THAT(file->past().finished, ElementsAre(PlannedTest{"A.B", 1}));
  ASSERT_TRUE(file->Append({{"record", "end"}}));
  EXPECT_EQ(*ReadFile(path_), Head() + kStart + kResult + "{\"record\":\"end\"}\n");
}

TEST_F(ResultsFileTest, WithoutResumeTheFileIsReplaced) {
  ASSERT_TRUE(CreateFile(path_, Head() + kStart + kResult));
  auto file = ResultsFile::Open(path_, false);
  ASSERT_TRUE(file);
  EXPECT_THAT(file->past().finished, IsEmpty());
  EXPECT_EQ(*ReadFile(path_), "");
}

TEST_F(ResultsFileTest, ASecondWriterIsRefused) {
  auto file = ResultsFile::Open(path_, false);
  ASSERT_TRUE(file);
  EXPECT_EQ(ResultsFile::Open(path_, true).error().code, EWOULDBLOCK);
}

TEST_F(ResultsFileTest, WhatAWriterThatWasKilledHasLeftIsWaitedFor) {
  auto first = ResultsFile::Open(path_, false);
  ASSERT_TRUE(first) << first.error().ToString();
  // The child has the file too, and lets go of it when it ends.
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[1]);
    char none = 0;
    _exit(read(ends[0], &none, 1) == 1 ? 0 : 1);
  }
  first = tl::unexpected<Error>(Error{});
  std::thread ending([&] { EXPECT_EQ(write(ends[1], "x", 1), 1); });

  const auto second = ResultsFile::Open(path_, true);

  EXPECT_TRUE(second) << second.error().ToString();
  ending.join();
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
  for (const int end : ends) close(end);
}

TEST_F(ResultsFileTest, ADiskThatIsFullIsNoticed) {
  auto file = ResultsFile::Open("/dev/full", false);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->Append({{"record", "x"}}).error().code, ENOSPC);
}

TEST_F(ResultsFileTest, ADirectoryIsRefused) {
  EXPECT_EQ(ResultsFile::Open(::testing::TempDir(), false).error().code, EISDIR);
}

}  // namespace
}  // namespace lxcspec::launcher
