// SPDX-License-Identifier: Apache-2.0

#include "vmtests/guest/results_stream.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace lxcspec::guest {
namespace {

class ResultsStreamTest : public testing::Test {
 protected:
  ResultsStreamTest() {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    const std::filesystem::path directory = std::filesystem::path(testing::TempDir()) / name;
    std::filesystem::remove_all(directory);
    std::filesystem::create_directories(directory);
    path_ = directory / "results";
  }

  void Append(std::string_view text) { std::ofstream(path_, std::ios::app) << text; }

  Status Pump(ResultsStream& stream) {
    return stream.Pump(
        [this](std::string_view bytes) -> Status {
          log_.push_back("bytes " + std::string(bytes));
          return {};
        },
        [this](const Start& start) { log_.push_back("start " + start.test); });
  }

  std::string path_;
  std::vector<std::string> log_;
};

TEST_F(ResultsStreamTest, FileThatDoesNotExistYetIsNoError) {
  auto stream = ResultsStream::Follow(path_);
  ASSERT_TRUE(stream) << stream.error();

  ASSERT_TRUE(Pump(*stream));
  Append("a\n");
  ASSERT_TRUE(Pump(*stream));

  EXPECT_EQ(log_, std::vector<std::string>{"bytes a\n"});
  EXPECT_EQ(stream->sent(), 2);
}

TEST_F(ResultsStreamTest, WhatWasThereBeforeIsNotSentAgain) {
  Append("old\n");
  auto stream = ResultsStream::Follow(path_);
  ASSERT_TRUE(stream) << stream.error();

  Append("new\n");
  ASSERT_TRUE(Pump(*stream));

  EXPECT_EQ(log_, std::vector<std::string>{"bytes new\n"});
  EXPECT_EQ(stream->sent(), 4);
}

TEST_F(ResultsStreamTest, AppendMakesTheDescriptorReadableUntilItIsPumped) {
  auto stream = ResultsStream::Follow(path_);
  ASSERT_TRUE(stream) << stream.error();
  pollfd wait = {.fd = stream->fd(), .events = POLLIN};
  ASSERT_EQ(poll(&wait, 1, 0), 0);

  Append("a\n");
  EXPECT_EQ(poll(&wait, 1, 0), 1);

  ASSERT_TRUE(Pump(*stream));
  EXPECT_EQ(poll(&wait, 1, 0), 0);
}

TEST_F(ResultsStreamTest, StartIsAnnouncedOnceItsLineIsWholeAndBeforeItsLastBytes) {
  auto stream = ResultsStream::Follow(path_);
  ASSERT_TRUE(stream) << stream.error();

  Append(R"({"record":"start",)");
  ASSERT_TRUE(Pump(*stream));
  EXPECT_EQ(log_.size(), 1U);
  Append("\"test\":\"A.B\",\"iteration\":1}\n");
  ASSERT_TRUE(Pump(*stream));

  ASSERT_EQ(log_.size(), 3U);
  EXPECT_EQ(log_[1], "start A.B");
}

TEST_F(ResultsStreamTest, FileThatShrinksIsAnError) {
  Append("0123456789\n");
  auto stream = ResultsStream::Follow(path_);
  ASSERT_TRUE(stream) << stream.error();

  std::filesystem::resize_file(path_, 4);
  const Status pumped = Pump(*stream);

  ASSERT_FALSE(pumped);
  EXPECT_NE(pumped.error().attempted.find("shrank from 11 to 4 bytes"), std::string::npos);
}

TEST_F(ResultsStreamTest, FailureToSendIsHandedBackAndNothingCountsAsSent) {
  auto stream = ResultsStream::Follow(path_);
  ASSERT_TRUE(stream) << stream.error();
  Append("a\n");

  const Status pumped = stream->Pump(
      [](std::string_view) -> Status { return Fail(EIO, "write(port)"); }, [](const Start&) {});

  ASSERT_FALSE(pumped);
  EXPECT_EQ(pumped.error().code, EIO);
  EXPECT_EQ(stream->sent(), 0);
}

}  // namespace
}  // namespace lxcspec::guest
