// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include "conformance/harness/testee_test.h"

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::string Contents(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> Lines(const fs::path& file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// The descriptor of this process that refers to the file, or -1.
int DescriptorOf(const fs::path& file) {
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (fs::read_symlink(entry.path(), gone) == file) {
      return std::stoi(entry.path().filename().string());
    }
  }
  return -1;
}

std::vector<std::string> FilesBelow(const fs::path& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(fs::relative(entry.path(), folder).string());
  }
  return files;
}

// Where standard error goes while this lives.
class CapturedStderr {
 public:
  CapturedStderr() { ::testing::internal::CaptureStderr(); }
  std::string Text() { return ::testing::internal::GetCapturedStderr(); }
};

class LxcLogTest : public TesteeTest {
 protected:
  void SetUp() override {
    TesteeTest::SetUp();
    if (HasFatalFailure()) return;
    file_ = scratch() / "test.log";
    bad_config_ = scratch() / "bad.conf";
    std::ofstream(bad_config_) << "lxc.nonsense = 1\n";
    // Before any log is open: making a container object may have something to say as well.
    auto container = NewContainer("speaker");
    if (!container) return Broken(container.error().ToString());
    speaker_ = *std::move(container);
  }

  void TearDown() override {
    speaker_.reset();
    testee().LogClose();
    TesteeTest::TearDown();
  }

  const std::string& file() const { return file_; }

  // Has the testee log one failure, which the chapter calls a message.
  void ProvokeMessage() { ASSERT_THAT(speaker_->LoadConfig(bad_config_), Fails()); }

  // What the log file holds after one message.
  void ProvokeMessageInto(const LogSettings& settings) {
    ASSERT_OK(testee().LogInit(settings));
    ProvokeMessage();
  }

  // Lines of the file that the testee wrote at the level ERROR.
  std::vector<std::string> ErrorLines() const {
    std::vector<std::string> lines = Lines(file_);
    std::erase_if(lines, [](const std::string& line) { return line.find("ERROR") == line.npos; });
    return lines;
  }

 private:
  std::string file_;
  std::string bad_config_;
  std::unique_ptr<Container> speaker_;
};

class LxcLogLevelTest : public LxcLogTest, public ::testing::WithParamInterface<const char*> {};
class LxcLogAdmittingLevelTest : public LxcLogLevelTest {};
class LxcLogFilteringLevelTest : public LxcLogLevelTest {};
class LxcLogLevelSpellingTest : public LxcLogLevelTest {};

std::string SpellingName(const ::testing::TestParamInfo<const char*>& info) { return info.param; }

INSTANTIATE_TEST_SUITE_P(Levels, LxcLogAdmittingLevelTest,
                         ::testing::Values("TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR"),
                         SpellingName);
INSTANTIATE_TEST_SUITE_P(Levels, LxcLogFilteringLevelTest,
                         ::testing::Values("CRIT", "ALERT", "FATAL"), SpellingName);
INSTANTIATE_TEST_SUITE_P(Spellings, LxcLogLevelSpellingTest,
                         ::testing::Values("FATAL", "fatal", "FaTaL"), SpellingName);

TEST_F(LxcLogTest, IsAnnounced) {
  COVERS(spec::lxc_log::kAnnounced);
  EXPECT_TRUE(testee().HasApiExtension("lxc_log"));
}

TEST_F(LxcLogTest, AMessageIsInTheFile) {
  COVERS(spec::lxc_log::kWritesToFile);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file()}));
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
}

TEST_F(LxcLogTest, InitialisingMakesTheFile) {
  COVERS(spec::lxc_log::kCreatesFile);
  ASSERT_OK(testee().LogInit(LogSettings{.file = file()}));
  EXPECT_TRUE(fs::is_regular_file(file()));
}

TEST_F(LxcLogTest, InitialisingMakesMissingFolders) {
  COVERS(spec::lxc_log::kCreatesFolders);
  const fs::path deep = scratch() / "a" / "b" / "test.log";
  ASSERT_OK(testee().LogInit(LogSettings{.file = deep}));
  EXPECT_TRUE(fs::is_regular_file(deep));
}

TEST_F(LxcLogTest, MessagesGoBehindWhatWasThere) {
  COVERS(spec::lxc_log::kAppends);
  std::ofstream(file()) << "before\n";
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file()}));
  EXPECT_THAT(Contents(file()), StartsWith("before\n"));
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
}

TEST_F(LxcLogTest, WithoutAFileMessagesGoToTheContainersOwn) {
  COVERS(spec::lxc_log::kDefaultFile);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.name = "named", .lxcpath = lxcpath()}));
  EXPECT_THAT(Contents(lxcpath() / "named" / "named.log"), HasSubstr("ERROR"));
}

TEST_F(LxcLogTest, FileNoneOpensNoFile) {
  COVERS(spec::lxc_log::kFileNone);
  const auto before = FilesBelow(scratch());
  ASSERT_NO_FATAL_FAILURE(
      ProvokeMessageInto({.name = "named", .lxcpath = lxcpath(), .file = "none"}));
  EXPECT_EQ(FilesBelow(scratch()), before);
  EXPECT_FALSE(fs::exists("none"));
}

TEST_F(LxcLogTest, WithoutAFileAndANameNoFileIsOpened) {
  COVERS(spec::lxc_log::kNoFileWithoutName);
  const auto before = FilesBelow(scratch());
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.lxcpath = lxcpath()}));
  EXPECT_EQ(FilesBelow(scratch()), before);
}

TEST_F(LxcLogTest, WithoutALevelErrorsAndNothingLessAreLogged) {
  COVERS(spec::lxc_log::kDefaultLevelIsError);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file()}));
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
  EXPECT_THAT(Lines(file()), Each(Not(ContainsRegex(" (TRACE|DEBUG|INFO|NOTICE|WARN) "))));
}

TEST_P(LxcLogFilteringLevelTest, AnErrorIsNotLogged) {
  COVERS(spec::lxc_log::kLevelFilters);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file(), .level = GetParam()}));
  EXPECT_THAT(ErrorLines(), IsEmpty());
}

TEST_P(LxcLogAdmittingLevelTest, AnErrorIsLogged) {
  COVERS(spec::lxc_log::kLevelAdmits);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file(), .level = GetParam()}));
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
}

TEST_P(LxcLogLevelSpellingTest, FatalFiltersErrorsHoweverItIsWritten) {
  COVERS(spec::lxc_log::kLevelNamesAnyCase);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file(), .level = GetParam()}));
  EXPECT_THAT(ErrorLines(), IsEmpty());
}

TEST_F(LxcLogTest, ALineNamesItsLevelInCapitals) {
  COVERS(spec::lxc_log::kLineHasLevel);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file()}));
  EXPECT_THAT(Lines(file()), AllOf(Not(IsEmpty()), Each(HasSubstr(" ERROR "))));
}

TEST_F(LxcLogTest, ALineHasTheTimeInUtc) {
  COVERS(spec::lxc_log::kLineHasTime);
  const time_t before = time(nullptr);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file()}));
  const time_t after = time(nullptr);

  ASSERT_THAT(ErrorLines(), Not(IsEmpty()));
  std::smatch stamp;
  const std::string line = ErrorLines().front();
  ASSERT_TRUE(std::regex_search(line, stamp, std::regex(R"( (\d{14})\.\d{3} )"))) << line;
  tm parts{};
  strptime(stamp[1].str().c_str(), "%Y%m%d%H%M%S", &parts);
  const time_t logged = timegm(&parts);
  EXPECT_GE(logged, before);
  EXPECT_LE(logged, after);
}

TEST_F(LxcLogTest, ALineBeginsWithThePrefix) {
  COVERS(spec::lxc_log::kLineBeginsWithPrefix);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file(), .prefix = "my-client"}));
  EXPECT_THAT(Lines(file()), AllOf(Not(IsEmpty()), Each(StartsWith("my-client "))));
}

TEST_F(LxcLogTest, ALineHasTheNameBehindThePrefix) {
  COVERS(spec::lxc_log::kLineHasName);
  ASSERT_NO_FATAL_FAILURE(
      ProvokeMessageInto({.name = "named", .file = file(), .prefix = "my-client"}));
  EXPECT_THAT(Lines(file()), AllOf(Not(IsEmpty()), Each(StartsWith("my-client named "))));
}

TEST_F(LxcLogTest, AnErrorIsOnStandardErrorWithoutAFile) {
  COVERS(spec::lxc_log::kErrorsOnStderr);
  CapturedStderr captured;
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = "none"}));
  EXPECT_THAT(captured.Text(), Not(IsEmpty()));
}

TEST_F(LxcLogTest, AnErrorIsOnStandardErrorBesideTheFile) {
  COVERS(spec::lxc_log::kErrorsOnStderr);
  CapturedStderr captured;
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file()}));
  EXPECT_THAT(captured.Text(), Not(IsEmpty()));
}

TEST_F(LxcLogTest, QuietSilencesStandardErrorWithoutAFile) {
  COVERS(spec::lxc_log::kQuiet);
  CapturedStderr captured;
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = "none", .quiet = true}));
  EXPECT_THAT(captured.Text(), IsEmpty());
}

TEST_F(LxcLogTest, QuietSilencesStandardErrorBesideAFile) {
  COVERS(spec::lxc_log::kQuiet);
  CapturedStderr captured;
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file(), .quiet = true}));
  EXPECT_THAT(captured.Text(), IsEmpty());
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
}

TEST_F(LxcLogTest, ClosingEndsWriting) {
  COVERS(spec::lxc_log::kCloseEndsWriting);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file()}));
  const std::string before = Contents(file());
  ASSERT_GE(DescriptorOf(file()), 0);

  testee().LogClose();
  ASSERT_NO_FATAL_FAILURE(ProvokeMessage());

  EXPECT_EQ(Contents(file()), before);
  EXPECT_EQ(DescriptorOf(file()), -1);
}

TEST_F(LxcLogTest, InitialisingAfterClosingMovesToTheNewFile) {
  COVERS(spec::lxc_log::kInitAfterClose);
  const std::string first = scratch() / "first.log";
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = first}));
  const std::string before = Contents(first);

  testee().LogClose();
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file()}));

  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
  EXPECT_EQ(Contents(first), before);
}

TEST_F(LxcLogTest, TheLevelOfALaterInitialisationApplies) {
  COVERS(spec::lxc_log::kLevelAfterClose);
  ASSERT_OK(testee().LogInit(LogSettings{.file = scratch() / "first.log", .level = "FATAL"}));
  testee().LogClose();
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file(), .level = "ERROR"}));
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
}

TEST_F(LxcLogTest, ASecondInitialisationLosesNoMessage) {
  COVERS(spec::lxc_log::kSecondInitKeepsALog);
  const std::string first = scratch() / "first.log";
  ASSERT_OK(testee().LogInit(LogSettings{.file = first}));
  static_cast<void>(testee().LogInit(LogSettings{.file = file()}));
  ASSERT_NO_FATAL_FAILURE(ProvokeMessage());
  EXPECT_THAT(Contents(first) + Contents(file()), HasSubstr("ERROR"));
}

TEST_F(LxcLogTest, TheCallersStructIsLeftAlone) {
  COVERS(spec::lxc_log::kStructUnchanged);
  const LogSettings with_file{.name = "named", .file = file(), .prefix = "p", .quiet = true};
  EXPECT_THAT(testee().LogInit(with_file), SucceedsWith(with_file));
}

TEST_F(LxcLogTest, AStructWithoutAPathIsLeftAlone) {
  COVERS(spec::lxc_log::kStructUnchanged);
  const LogSettings without_path{.name = "named"};
  EXPECT_THAT(testee().LogInit(without_path), SucceedsWith(without_path));
  testee().LogClose();
  fs::remove_all("/var/log/lxc");
}

TEST_F(LxcLogTest, TheDescriptorIsClosedOnExec) {
  COVERS(spec::lxc_log::kDescriptorCloseOnExec);
  ASSERT_OK(testee().LogInit(LogSettings{.file = file()}));
  const int fd = DescriptorOf(file());
  ASSERT_GE(fd, 0);
  EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

TEST_F(LxcLogTest, OthersHaveNoAccessToTheFile) {
  COVERS(spec::lxc_log::kFilePrivate);
  const mode_t old_mask = umask(0);
  const auto initialised = testee().LogInit(LogSettings{.file = file()});
  umask(old_mask);
  ASSERT_OK(initialised);
  struct stat status {};
  ASSERT_EQ(stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & S_IRWXO, 0u) << fmt::format("mode {:o}", status.st_mode);
}

TEST_F(LxcLogTest, NullSettingsFailWithEinval) {
  COVERS(spec::lxc_log::kNullSettings);
  EXPECT_THAT(testee().LogInit(std::nullopt), FailsWithErrno(EINVAL));
}

TEST_F(LxcLogTest, AnEmptyFileNameIsRefused) {
  COVERS(spec::lxc_log::kEmptyFileName);
  EXPECT_THAT(testee().LogInit(LogSettings{.file = ""}), Fails());
}

TEST_F(LxcLogTest, ADirectoryIsRefusedWithEisdir) {
  COVERS(spec::lxc_log::kFileIsDirectory);
  EXPECT_THAT(testee().LogInit(LogSettings{.file = scratch()}), FailsWithErrno(EISDIR));
}

TEST_F(LxcLogTest, AFileBelowAFileIsRefusedWithEnotdir) {
  COVERS(spec::lxc_log::kFileCannotBeOpened);
  std::ofstream(file()) << "a file\n";
  EXPECT_THAT(testee().LogInit(LogSettings{.file = file() + "/test.log"}),
              FailsWithErrno(ENOTDIR));
  EXPECT_EQ(DescriptorOf(file()), -1);
}

TEST_F(LxcLogTest, AfterAFailureAnotherFileCanBeUsed) {
  COVERS(spec::lxc_log::kUsableAfterFailure);
  ASSERT_THAT(testee().LogInit(LogSettings{.file = scratch()}), Fails());
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file()}));
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
}

TEST_F(LxcLogTest, ClosingWithoutALogDoesNoHarm) {
  COVERS(spec::lxc_log::kCloseWithoutLog);
  testee().LogClose();
  ASSERT_OK(testee().LogInit(LogSettings{.file = file()}));
  testee().LogClose();
  testee().LogClose();
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file()}));
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
}

TEST_F(LxcLogTest, TheContainerNeedNotBeDefined) {
  COVERS(spec::lxc_log::kUndefinedContainer);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.name = "no-such-container", .file = file()}));
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
}

}  // namespace
}  // namespace lxcspec
