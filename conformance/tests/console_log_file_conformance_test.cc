// SPDX-License-Identifier: Apache-2.0
//
// console_log: the file that console output is copied to.

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "conformance/harness/console_test.h"

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

using ::testing::EndsWith;
using ::testing::Gt;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;

constexpr int kStopSeconds = 10;
constexpr size_t kLimit = 4096;

class ConsoleLogFileTest : public ConsoleTest {
 protected:
  static inline const ConfigItems kLimited = {{"lxc.console.size", "4096"}};
  static inline const ConfigItems kRotated = {{"lxc.console.size", "4096"},
                                              {"lxc.console.rotate", "1"}};

  Status StopAndWait(ProbedContainer& container) {
    RETURN_IF_ERROR(container->Stop());
    return container->Wait("STOPPED", kStopSeconds);
  }

  // Writes 4000 bytes, and 200 more at once, of which the limit of 4096 leaves no room for all.
  // Returns everything that was written; by then it has arrived.
  std::string WriteAcrossTheLimit(ProbedContainer& container) {
    const std::string crossing = std::string(100, 'a') + std::string(100, 'b');
    EXPECT_OK(container.Ask({"fill", "4000"}));
    EXPECT_TRUE(LogGrowsTo(4000));
    EXPECT_OK(container.Ask({"write", crossing}));
    EXPECT_TRUE(Eventually([this] { return Log(); }, Not(EndsWith("0000499\n"))));
    EXPECT_OK(container.Ask({"write", "the end"}));
    EXPECT_TRUE(LogComesToEndWith("the end"));
    return Pattern(4000) + crossing + "the end";
  }

  // Names of the files that the log file's folder holds because of it.
  std::vector<std::string> LogFiles() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(scratch())) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(log_file().filename().string())) names.push_back(name);
    }
    return names;
  }
};

TEST_F(ConsoleLogFileTest, OutputIsWrittenWithoutABuffer) {
  COVERS(spec::console_log::kLogFileWritten);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(WithLogFile({})));

  ASSERT_OK(container.Ask({"fill", "20000"}));
  ASSERT_TRUE(LogGrowsTo(20000));

  EXPECT_EQ(Log(), Pattern(20000));
}

TEST_F(ConsoleLogFileTest, OutputIsWrittenBesideABuffer) {
  COVERS(spec::console_log::kLogFileWritten);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(WithLogFile(kSmallestBuffer)));

  ASSERT_OK(container.Ask({"fill", "20000"}));
  ASSERT_TRUE(LogGrowsTo(20000));

  EXPECT_EQ(Log(), Pattern(20000));
}

TEST_F(ConsoleLogFileTest, EveryByteValueIsWritten) {
  COVERS(spec::console_log::kLogFileWritten);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(WithLogFile({})));

  ASSERT_OK(container.Ask({"octets", "600"}));
  ASSERT_TRUE(LogGrowsTo(600));

  EXPECT_EQ(Log(), Octets(600));
}

TEST_F(ConsoleLogFileTest, FileIsThereOnceTheContainerRuns) {
  COVERS(spec::console_log::kLogFileCreated);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent(WithLogFile({})));

  EXPECT_TRUE(fs::is_regular_file(log_file()));
}

TEST_F(ConsoleLogFileTest, CreatedFileGivesOthersNoPermission) {
  COVERS(spec::console_log::kLogFilePrivate);
  const mode_t umask_before = umask(0);
  const auto container = StartSilent(WithLogFile({}));
  umask(umask_before);
  ASSERT_OK(container);

  struct stat status {};
  ASSERT_EQ(stat(log_file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & S_IRWXO, 0u);
}

TEST_F(ConsoleLogFileTest, ExistingContentIsKept) {
  COVERS(spec::console_log::kLogFileAppended);
  std::ofstream(log_file()) << "before\n";
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(WithLogFile({})));

  ASSERT_OK(container.Ask({"write", "after"}));

  EXPECT_TRUE(LogComesToEndWith("after"));
  EXPECT_EQ(Log(), "before\nafter");
}

TEST_F(ConsoleLogFileTest, ReadsOfTheBufferLeaveTheFileAlone) {
  COVERS(spec::console_log::kLogFileKeptByReads);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(WithLogFile(kSmallestBuffer)));
  ASSERT_OK(container.Ask({"write", "first"}));
  ASSERT_EQ(ReadOutput(*container, 5), "first");
  ASSERT_TRUE(LogGrowsTo(5));

  ASSERT_OK(container.Ask({"write", "second"}));

  EXPECT_TRUE(LogComesToEndWith("second"));
  EXPECT_EQ(Log(), "firstsecond");
}

TEST_F(ConsoleLogFileTest, FileIsKeptAfterAStopWithoutABuffer) {
  COVERS(spec::console_log::kLogFileKeptAfterStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(WithLogFile({})));
  ASSERT_OK(container.Ask({"write", "last words"}));
  ASSERT_TRUE(LogComesToEndWith("last words"));

  ASSERT_OK(StopAndWait(container));

  EXPECT_EQ(Log(), "last words");
}

TEST_F(ConsoleLogFileTest, FileIsKeptAfterAStopWithABuffer) {
  COVERS(spec::console_log::kLogFileKeptAfterStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(WithLogFile(kSmallestBuffer)));
  ASSERT_OK(container.Ask({"write", "last words"}));
  ASSERT_TRUE(LogComesToEndWith("last words"));

  ASSERT_OK(StopAndWait(container));

  EXPECT_EQ(Log(), "last words");
}

TEST_F(ConsoleLogFileTest, FileDoesNotGrowAboveItsLimit) {
  COVERS(spec::console_log::kLogSizeLimit);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(WithLogFile(kLimited)));

  size_t largest = 0;
  for (int i = 0; i < 64; ++i) {
    ASSERT_OK(container.Ask({"fill", "5000"}));
    largest = std::max(largest, Log().size());
  }

  EXPECT_THAT(largest, Gt(0u));
  EXPECT_THAT(largest, Le(kLimit));
}

TEST_F(ConsoleLogFileTest, FileIsWithinItsLimitAfterAStop) {
  COVERS(spec::console_log::kLogSizeLimit);
  ConfigItems config = kLimited;
  config.emplace_back("lxc.console.buffer.size", "64KB");
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(WithLogFile(config)));
  WriteAcrossTheLimit(container);

  ASSERT_OK(StopAndWait(container));

  EXPECT_THAT(Log().size(), Le(kLimit));
}

TEST_F(ConsoleLogFileTest, LimitedFileEndsWithTheNewestOutput) {
  COVERS(spec::console_log::kLogSizeKeepsNewest);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(WithLogFile(kLimited)));

  const std::string written = WriteAcrossTheLimit(container);

  EXPECT_THAT(written, EndsWith(Log()));
}

TEST_F(ConsoleLogFileTest, LimitedFileEndsWithTheNewestOutputAfterAStop) {
  COVERS(spec::console_log::kLogSizeKeepsNewest);
  ConfigItems config = kLimited;
  config.emplace_back("lxc.console.buffer.size", "8192");
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(WithLogFile(config)));
  const std::string written = WriteAcrossTheLimit(container);

  ASSERT_OK(StopAndWait(container));

  EXPECT_THAT(Log(), EndsWith("the end"));
  EXPECT_THAT(written, EndsWith(Log()));
}

TEST_F(ConsoleLogFileTest, FullFileIsRotated) {
  COVERS(spec::console_log::kLogRotates);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(WithLogFile(kRotated)));
  ASSERT_OK(container.Ask({"fill", "4096"}));
  ASSERT_TRUE(LogGrowsTo(kLimit));

  ASSERT_OK(container.Ask({"write", "next"}));

  EXPECT_TRUE(LogComesToEndWith("next"));
  EXPECT_THAT(Contents(rotated_file()), Not(IsEmpty()));
  EXPECT_THAT(Pattern(kLimit) + "next", EndsWith(Contents(rotated_file()) + Log()));
}

TEST_F(ConsoleLogFileTest, RotationLosesNothingOfWhatCrossesTheLimit) {
  COVERS(spec::console_log::kLogRotates);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(WithLogFile(kRotated)));

  const std::string written = WriteAcrossTheLimit(container);

  EXPECT_THAT(Contents(rotated_file()), Not(IsEmpty()));
  EXPECT_THAT(written, EndsWith(Contents(rotated_file()) + Log()));
}

TEST_F(ConsoleLogFileTest, FullFileIsNotRotatedUnasked) {
  COVERS(spec::console_log::kLogNotRotated);
  ConfigItems config = kLimited;
  config.emplace_back("lxc.console.rotate", "0");
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(WithLogFile(config)));

  WriteAcrossTheLimit(container);

  EXPECT_THAT(LogFiles(), ::testing::ElementsAre("console.log"));
}

TEST_F(ConsoleLogFileTest, FileWithoutALimitIsNotRotated) {
  COVERS(spec::console_log::kLogNotRotated);
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(WithLogFile({{"lxc.console.rotate", "1"}})));

  WriteAcrossTheLimit(container);

  EXPECT_THAT(LogFiles(), ::testing::ElementsAre("console.log"));
}

TEST_F(ConsoleLogFileTest, FileOfTheBuffersSizeEndsAsTheBufferDid) {
  COVERS(spec::console_log::kLogMirrorsBuffer);
  ConfigItems config = kLimited;
  config.emplace_back("lxc.console.buffer.size", "4096");
  ASSERT_OK_AND_ASSIGN(auto container, StartWriter(WithLogFile(config)));
  const std::string written = WriteAcrossTheLimit(container);
  // The oldest bytes say what else the buffer held.
  const Result<ConsoleLogReply> oldest = container->ConsoleLog(Read(16));
  ASSERT_OK(oldest);
  const std::optional<size_t> position = PatternPosition(oldest->data.value_or(""));
  ASSERT_TRUE(position.has_value()) << "the buffer does not begin with a piece of the output";

  ASSERT_OK(StopAndWait(container));

  EXPECT_THAT(Log(), EndsWith(written.substr(*position + 16)));
  EXPECT_THAT(written, EndsWith(Log()));
}

TEST_F(ConsoleLogFileTest, FileInAMissingFolderFailsTheStart) {
  COVERS(spec::console_log::kLogFileUnusable);

  EXPECT_THAT(StartSilent({{"lxc.console.logfile", (scratch() / "no" / "log").string()}}), Fails());
}

TEST_F(ConsoleLogFileTest, FolderAsFileFailsTheStart) {
  COVERS(spec::console_log::kLogFileUnusable);

  EXPECT_THAT(StartSilent({{"lxc.console.logfile", scratch().string()}}), Fails());
}

}  // namespace
}  // namespace lxcspec
