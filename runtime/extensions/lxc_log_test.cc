// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/lxc_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class LxcLogTest : public ::testing::Test {
 protected:
  LxcLogTest() {
    std::string name = ::testing::TempDir() + "/log.XXXXXX";
    folder_ = mkdtemp(name.data());
    places_ = {.default_lxcpath = folder_ / "lib", .default_folder = folder_ / "log"};
  }
  ~LxcLogTest() override {
    CloseLog();
    fs::remove_all(folder_);
  }

  static std::string Contents(const fs::path& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  const fs::path& folder() const { return folder_; }
  const LogPlaces& places() const { return places_; }

 private:
  fs::path folder_;
  LogPlaces places_;
};

TEST_F(LxcLogTest, ALineHasPrefixNameTimeLevelAndMessage) {
  const fs::path file = folder() / "l";
  ASSERT_TRUE(OpenLog({.name = "c1", .file = file, .prefix = "p", .quiet = true}, places()));
  Log(LogLevel::kError, "config", "it is wrong");
  EXPECT_THAT(Contents(file), MatchesRegex("p c1 [0-9]{14}\\.[0-9]{3} ERROR    config - "
                                           "lxc_log_test.cc:[0-9]+ - it is wrong\n"));
}

TEST_F(LxcLogTest, LessSevereMessagesAreLeftOut) {
  const fs::path file = folder() / "l";
  ASSERT_TRUE(OpenLog({.file = file, .level = "warn", .quiet = true}, places()));
  Log(LogLevel::kNotice, "c", "left out");
  Log(LogLevel::kWarn, "c", "taken in");
  EXPECT_THAT(Contents(file), ::testing::Not(HasSubstr("left out")));
  EXPECT_THAT(Contents(file), HasSubstr("taken in"));
}

TEST_F(LxcLogTest, AContainersOwnFileComesBeforeTheDefault) {
  const fs::path own = folder() / "own";
  ASSERT_TRUE(OpenLog({.name = "c1", .lxcpath = folder() / "other", .quiet = true}, places()));
  Log(LogLevel::kError, "c", "it is wrong", {.file = own, .level = "DEBUG"});
  Log(LogLevel::kDebug, "c", "a detail", {.file = own, .level = "DEBUG"});
  EXPECT_THAT(Contents(own), HasSubstr("it is wrong"));
  EXPECT_THAT(Contents(own), HasSubstr("a detail"));
  EXPECT_EQ(Contents(folder() / "other" / "c1" / "c1.log"), "");
}

TEST_F(LxcLogTest, ANamedFileComesBeforeAContainersOwn) {
  const fs::path own = folder() / "own";
  ASSERT_TRUE(OpenLog({.file = folder() / "l", .quiet = true}, places()));
  Log(LogLevel::kError, "c", "it is wrong", {.file = own});
  EXPECT_THAT(Contents(folder() / "l"), HasSubstr("it is wrong"));
  EXPECT_FALSE(fs::exists(own));
}

TEST_F(LxcLogTest, TheDefaultPathHasAFolderOfLogs) {
  if (geteuid() != 0) return;  // for others the log is with the container
  ASSERT_TRUE(OpenLog({.name = "c1", .quiet = true}, places()));
  EXPECT_TRUE(fs::exists(folder() / "log" / "c1.log"));
}

TEST_F(LxcLogTest, AnotherPathHasTheLogWithTheContainer) {
  ASSERT_TRUE(OpenLog({.name = "c1", .lxcpath = folder() / "other", .quiet = true}, places()));
  EXPECT_TRUE(fs::exists(folder() / "other" / "c1" / "c1.log"));
}

TEST_F(LxcLogTest, ADefaultFileThatCannotBeOpenedIsDoneWithout) {
  std::ofstream(folder() / "file") << "in the way\n";
  EXPECT_TRUE(OpenLog({.name = "c1", .lxcpath = folder() / "file", .quiet = true}, places()));
  EXPECT_EQ(LogDescriptor(), -1);
}

TEST_F(LxcLogTest, AFailureLeavesTheLogAsItWas) {
  EXPECT_EQ(OpenLog({.file = "", .level = "trace"}, places()).error().code, EINVAL);
  EXPECT_EQ(OpenLog({.file = folder(), .level = "trace"}, places()).error().code, EISDIR);
  EXPECT_EQ(LogDescriptor(), -1);
}

TEST_F(LxcLogTest, TheDescriptorIsClosedOnExecAndNotAStandardOne) {
  ASSERT_TRUE(OpenLog({.file = folder() / "l"}, places()));
  EXPECT_GT(LogDescriptor(), 2);
  EXPECT_TRUE(fcntl(LogDescriptor(), F_GETFD) & FD_CLOEXEC);
}

TEST_F(LxcLogTest, LoggingKeepsErrno) {
  ASSERT_TRUE(OpenLog({.file = folder() / "l", .quiet = true}, places()));
  errno = ENODATA;
  Log(LogLevel::kError, "c", "m");
  EXPECT_EQ(errno, ENODATA);
}

TEST_F(LxcLogTest, ThreadsDoNotMixTheirLines) {
  const fs::path file = folder() / "l";
  ASSERT_TRUE(OpenLog({.file = file, .quiet = true}, places()));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 250; ++i) Log(LogLevel::kError, "c", std::string(100, 'x'));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::ifstream stream(file);
  int lines = 0;
  for (std::string line; std::getline(stream, line); ++lines) {
    ASSERT_TRUE(line.starts_with("lxc ") && line.ends_with(std::string(100, 'x'))) << line;
  }
  EXPECT_EQ(lines, 1000);
}

}  // namespace
}  // namespace lxcspec::runtime
