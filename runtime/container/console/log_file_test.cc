// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/console/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLimit = 4096;

// Numbered lines: a gap or a repetition shows.
std::string Lines(int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i) text += fmt::format("line {:06}\n", i);
  return text;
}

RingPieces Pieces(std::string& text) {
  const size_t half = text.size() / 2;
  return {iovec{text.data(), half}, iovec{text.data() + half, text.size() - half}};
}

class LogFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = fs::path(testing::TempDir()) / "log_file.XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    path_ = folder_ / "log";
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string Content(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  static void Write(ConsoleLogFile& log, std::string text) {
    const Status written = log.Write(Pieces(text));
    ASSERT_TRUE(written) << written.error().ToString();
  }

  fs::path folder_;
  fs::path path_;
};

TEST_F(LogFileTest, NewFileIsForItsOwnerAlone) {
  const mode_t before = umask(0);
  const auto log = ConsoleLogFile::Open(path_, 0, false);
  umask(before);
  ASSERT_TRUE(log) << log.error().ToString();
  struct stat about {};
  ASSERT_EQ(stat(path_.c_str(), &about), 0);

  EXPECT_EQ(about.st_mode & 0777, 0600U);
}

TEST_F(LogFileTest, OutputGoesBehindWhatIsThere) {
  std::ofstream(path_) << "before\n";
  auto log = ConsoleLogFile::Open(path_, 0, false);
  ASSERT_TRUE(log);
  Write(*log, Lines(0, 2));

  EXPECT_EQ(Content(path_), "before\n" + Lines(0, 2));
}

TEST_F(LogFileTest, LimitedFileHoldsThePieceThatEndsWithTheNewest) {
  auto log = ConsoleLogFile::Open(path_, kLimit, false);
  ASSERT_TRUE(log);
  for (int i = 0; i < 3000; i += 7) {
    Write(*log, Lines(i, i + 7));
    const std::string content = Content(path_);
    ASSERT_LE(content.size(), kLimit);
    ASSERT_TRUE(Lines(0, i + 7).ends_with(content)) << content;
    ASSERT_FALSE(content.empty());
  }
}

TEST_F(LogFileTest, PieceAboveTheLimitLeavesItsEnd) {
  auto log = ConsoleLogFile::Open(path_, kLimit, false);
  ASSERT_TRUE(log);
  Write(*log, Lines(0, 2000));
  const std::string content = Content(path_);

  EXPECT_LE(content.size(), kLimit);
  EXPECT_FALSE(content.empty());
  EXPECT_TRUE(Lines(0, 2000).ends_with(content)) << content;
}

TEST_F(LogFileTest, FileThatIsTooLargeAlreadyIsCutBeforeTheContainerRuns) {
  std::ofstream(path_) << Lines(0, 1000);
  ASSERT_TRUE(ConsoleLogFile::Open(path_, kLimit, false));

  EXPECT_LE(fs::file_size(path_), kLimit);
}

TEST_F(LogFileTest, RotationKeepsOnePieceInBothFiles) {
  auto log = ConsoleLogFile::Open(path_, kLimit, true);
  ASSERT_TRUE(log);
  for (int i = 0; i < 3000; i += 7) {
    Write(*log, Lines(i, i + 7));
    const std::string content = Content(path_.string() + ".1") + Content(path_);
    ASSERT_LE(Content(path_).size(), kLimit);
    ASSERT_TRUE(Lines(0, i + 7).ends_with(content)) << content;
  }
  EXPECT_EQ(fs::file_size(path_.string() + ".1"), kLimit);
}

TEST_F(LogFileTest, PieceOfManyLimitsIsRotatedThrough) {
  auto log = ConsoleLogFile::Open(path_, kLimit, true);
  ASSERT_TRUE(log);
  Write(*log, Lines(0, 2000));
  const std::string content = Content(path_.string() + ".1") + Content(path_);

  EXPECT_GT(content.size(), kLimit);
  EXPECT_TRUE(Lines(0, 2000).ends_with(content)) << content;
}

TEST_F(LogFileTest, RotationLeavesALinkAndRotatesTheFileItself) {
  const fs::path real = folder_ / "real";
  fs::create_symlink(real, path_);
  auto log = ConsoleLogFile::Open(path_, kLimit, true);
  ASSERT_TRUE(log) << log.error().ToString();
  Write(*log, Lines(0, 500));

  EXPECT_TRUE(fs::is_symlink(path_));
  EXPECT_TRUE(fs::exists(real.string() + ".1"));
  EXPECT_TRUE(Lines(0, 500).ends_with(Content(real.string() + ".1") + Content(path_)));
}

TEST_F(LogFileTest, RotationLeavesWhatSomebodyElsePutThere) {
  auto log = ConsoleLogFile::Open(path_, kLimit, true);
  ASSERT_TRUE(log);
  Write(*log, Lines(0, 300));
  fs::rename(path_, folder_ / "taken");
  Write(*log, Lines(300, 600));

  EXPECT_TRUE(fs::exists(folder_ / "taken"));
  EXPECT_TRUE(Lines(0, 600).ends_with(Content(path_)));
}

TEST_F(LogFileTest, FifoWithoutReaderIsOpenedAndWrittenWithoutWaiting) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  auto log = ConsoleLogFile::Open(path_, kLimit, true);
  ASSERT_TRUE(log) << log.error().ToString();
  const UniqueFd reader(open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  Write(*log, "word");
  std::string bytes(4, '\0');

  ASSERT_EQ(read(reader.get(), bytes.data(), bytes.size()), 4);
  EXPECT_EQ(bytes, "word");
  std::string flood(1 << 20, 'x');
  const Status written = log->Write(Pieces(flood));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, EAGAIN);
}

TEST_F(LogFileTest, PathThatCannotBeOpenedIsNamed) {
  const auto log = ConsoleLogFile::Open(folder_ / "no" / "log", 0, false);

  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ENOENT);
  EXPECT_NE(log.error().attempted.find("lxc.console.logfile"), std::string::npos);
}

TEST_F(LogFileTest, FullDiskIsAnError) {
  auto log = ConsoleLogFile::Open("/dev/full", 0, false);
  ASSERT_TRUE(log) << log.error().ToString();
  std::string text = "word";
  const Status written = log->Write(Pieces(text));

  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ENOSPC);
}

TEST_F(LogFileTest, RestorePutsBackWhatTheBufferStillHolds) {
  auto log = ConsoleLogFile::Open(path_, kLimit, false);
  auto ring = ConsoleRing::Create(kLimit);
  ASSERT_TRUE(log && ring);
  for (int i = 0; i < 3000; i += 7) {
    const std::string text = Lines(i, i + 7);
    ring->Write(text);
    Write(*log, text);
  }
  const Status restored = log->Restore(*ring);
  ASSERT_TRUE(restored) << restored.error().ToString();

  EXPECT_EQ(Content(path_).size(), kLimit);
  EXPECT_TRUE(Lines(0, 3003).ends_with(Content(path_)));
}

TEST_F(LogFileTest, RestoreChangesNothingWhereTheFileHoldsMore) {
  std::ofstream(path_) << "before\n";
  auto log = ConsoleLogFile::Open(path_, kLimit, false);
  auto ring = ConsoleRing::Create(kLimit);
  ASSERT_TRUE(log && ring);
  ring->Write(Lines(0, 5));
  Write(*log, Lines(0, 5));
  ASSERT_TRUE(log->Restore(*ring));

  EXPECT_EQ(Content(path_), "before\n" + Lines(0, 5));
}

}  // namespace
}  // namespace lxcspec::runtime
