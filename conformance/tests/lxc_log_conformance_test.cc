// SPDX-License-Identifier: Apache-2.0
//
// Which file the log goes to, and from when to when. What is in it:
// lxc_log_output.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "conformance/harness/log_test.h"
#include "conformance/harness/one_process.h"

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// What `body` returns in a process of its own, as its exit status; -1 if it did
// not end by itself.
int InForkedProcess(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = -1;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

// The umask of the process while this lives.
class ScopedUmask {
 public:
  explicit ScopedUmask(mode_t mask) : old_(umask(mask)) {}
  ~ScopedUmask() { umask(old_); }
  ScopedUmask(const ScopedUmask&) = delete;
  ScopedUmask& operator=(const ScopedUmask&) = delete;

 private:
  const mode_t old_;
};

mode_t PermissionsOf(const fs::path& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : -1;
}

class LxcLogTest : public LogTest {
 protected:
  // A name that no container and no log file of the machine has.
  static constexpr char kNobody[] = "lxcspec-default-log";

  void SetUp() override {
    LogTest::SetUp();
    if (HasFatalFailure()) return;
    // Where a default file may be when the caller names no container path.
    auto container = testee().NewContainer(kNobody, std::nullopt);
    if (!container) return Broken(container.error().ToString());
    auto path = (*container)->ConfigPath();
    if (!path) return Broken(path.error().ToString());
    default_path_ = *std::move(path);
  }

  void TearDown() override {
    LogTest::TearDown();
    for (const auto& file : DefaultFiles()) {
      std::error_code not_empty;
      fs::remove(file);
      fs::remove(file.parent_path(), not_empty);
    }
    std::error_code not_empty;
    fs::remove("/var/log/lxc", not_empty);
  }

  const std::string& default_path() const { return default_path_; }

  // The files <kNobody>.log in the places that the documentation names.
  std::vector<fs::path> DefaultFiles() const {
    std::vector<fs::path> files;
    for (const fs::path folder : {default_path_, std::string("/var/log/lxc")}) {
      for (const auto& file : FilesBelow(folder)) {
        if (fs::path(file).filename() == fmt::format("{}.log", kNobody)) {
          files.push_back(folder / file);
        }
      }
    }
    return files;
  }

 private:
  std::string default_path_;
};

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

TEST_F(LxcLogTest, ARelativeFileIsBelowTheDirectoryOfTheCall) {
  COVERS(spec::lxc_log::kRelativeFile);
  ASSERT_EQ(chdir(scratch().c_str()), 0);
  ASSERT_OK(testee().LogInit(LogSettings{.file = "test.log"}));
  ASSERT_EQ(chdir("/"), 0);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessage());
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
  EXPECT_FALSE(fs::exists("/test.log"));
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
  EXPECT_THAT(FilesBelow(lxcpath()), ElementsAre("named/named.log"));
  EXPECT_THAT(Contents(lxcpath() / "named" / "named.log"), HasSubstr("ERROR"));
}

TEST_F(LxcLogTest, WithoutAContainerPathTheDefaultFileIsInADocumentedPlace) {
  COVERS(spec::lxc_log::kDefaultFileOfDefaultPath);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.name = kNobody}));
  ASSERT_EQ(DefaultFiles().size(), 1u);
  EXPECT_THAT(Contents(DefaultFiles().front()), HasSubstr("ERROR"));
}

TEST_F(LxcLogTest, WithTheDefaultContainerPathTheDefaultFileIsInADocumentedPlace) {
  COVERS(spec::lxc_log::kDefaultFileOfDefaultPath);
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.name = kNobody, .lxcpath = default_path()}));
  ASSERT_EQ(DefaultFiles().size(), 1u);
  EXPECT_THAT(Contents(DefaultFiles().front()), HasSubstr("ERROR"));
}

TEST_F(LxcLogTest, FileNoneOpensNoFile) {
  COVERS(spec::lxc_log::kFileNone);
  const auto files = FilesBelow(scratch());
  const auto open_files = OpenFiles();
  ASSERT_NO_FATAL_FAILURE(
      ProvokeMessageInto({.name = kNobody, .lxcpath = lxcpath(), .file = "none"}));
  EXPECT_EQ(FilesBelow(scratch()), files);
  EXPECT_EQ(OpenFiles(), open_files);
  EXPECT_THAT(DefaultFiles(), IsEmpty());
  EXPECT_FALSE(fs::exists("none"));
}

TEST_F(LxcLogTest, WithoutAFileAndANameNoFileIsOpened) {
  COVERS(spec::lxc_log::kNoFileWithoutName);
  const auto files = FilesBelow(scratch());
  const auto open_files = OpenFiles();
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.lxcpath = lxcpath()}));
  EXPECT_EQ(FilesBelow(scratch()), files);
  EXPECT_EQ(OpenFiles(), open_files);
}

TEST_F(LxcLogTest, AForkedProcessWritesToTheSameFile) {
  COVERS(spec::lxc_log::kSharedAfterFork);
  ASSERT_OK(testee().LogInit(LogSettings{.file = file()}));
  ASSERT_EQ(InForkedProcess([this] { return Speak() ? 1 : 0; }), 0);
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
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = other_file()}));
  const std::string before = Contents(other_file());

  testee().LogClose();
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file()}));

  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
  EXPECT_EQ(Contents(other_file()), before);
}

TEST_F(LxcLogTest, TheLevelOfALaterInitialisationApplies) {
  COVERS(spec::lxc_log::kLevelAfterClose);
  ASSERT_OK(testee().LogInit(LogSettings{.file = other_file(), .level = "FATAL"}));
  testee().LogClose();
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file(), .level = "ERROR"}));
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
}

TEST_F(LxcLogTest, ThePrefixOfAnEarlierInitialisationIsGone) {
  COVERS(spec::lxc_log::kPrefixAfterClose);
  ASSERT_OK(testee().LogInit(LogSettings{.file = other_file(), .prefix = "my-client"}));
  testee().LogClose();
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file()}));
  ASSERT_THAT(ErrorLines(), Not(IsEmpty()));
  const std::string line = ErrorLines().front();
  EXPECT_NE(line.substr(0, line.find(' ')), "my-client");
}

TEST_F(LxcLogTest, AFileCanBeOpenedAfterNone) {
  COVERS(spec::lxc_log::kInitAfterNoFile);
  ASSERT_OK(testee().LogInit(LogSettings{.file = "none"}));
  ASSERT_NO_FATAL_FAILURE(ProvokeMessageInto({.file = file()}));
  EXPECT_THAT(ErrorLines(), Not(IsEmpty()));
}

TEST_F(LxcLogTest, ASecondInitialisationLosesNoMessage) {
  COVERS(spec::lxc_log::kSecondInitKeepsALog);
  ASSERT_OK(testee().LogInit(LogSettings{.file = other_file()}));
  static_cast<void>(testee().LogInit(LogSettings{.file = file()}));
  ASSERT_NO_FATAL_FAILURE(ProvokeMessage());
  EXPECT_THAT(Contents(other_file()) + Contents(file()), HasSubstr("ERROR"));
}

TEST_F(LxcLogTest, TheCallersStructIsLeftAlone) {
  COVERS(spec::lxc_log::kStructUnchanged);
  RelyOnOneProcess("the struct of its caller");
  const LogSettings with_file{.name = "named", .file = file(), .prefix = "p", .quiet = true};
  EXPECT_THAT(testee().LogInit(with_file), SucceedsWith(with_file));
}

TEST_F(LxcLogTest, AStructWithoutAPathIsLeftAlone) {
  COVERS(spec::lxc_log::kStructUnchanged);
  RelyOnOneProcess("the struct of its caller");
  const LogSettings without_path{.name = kNobody};
  EXPECT_THAT(testee().LogInit(without_path), SucceedsWith(without_path));
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
  const ScopedUmask nothing(0);
  ASSERT_OK(testee().LogInit(LogSettings{.file = file()}));
  EXPECT_EQ(PermissionsOf(file()) & S_IRWXO, 0u) << fmt::format("{:o}", PermissionsOf(file()));
}

TEST_F(LxcLogTest, OthersHaveNoAccessToTheDefaultFile) {
  COVERS(spec::lxc_log::kFilePrivate);
  const ScopedUmask nothing(0);
  ASSERT_OK(testee().LogInit(LogSettings{.name = "named", .lxcpath = lxcpath()}));
  const mode_t mode = PermissionsOf(lxcpath() / "named" / "named.log");
  EXPECT_EQ(mode & S_IRWXO, 0u) << fmt::format("{:o}", mode);
}

TEST_F(LxcLogTest, TheUmaskTakesPermissionsAway) {
  COVERS(spec::lxc_log::kHonoursUmask);
  const ScopedUmask group_and_others(S_IRWXG | S_IRWXO);
  ASSERT_OK(testee().LogInit(LogSettings{.file = file()}));
  EXPECT_EQ(PermissionsOf(file()) & (S_IRWXG | S_IRWXO), 0u)
      << fmt::format("{:o}", PermissionsOf(file()));
}

TEST_F(LxcLogTest, OnlyTheOwnerWritesAFolderThatWasMade) {
  COVERS(spec::lxc_log::kFoldersNotWritable);
  const ScopedUmask nothing(0);
  const fs::path folder = scratch() / "folder";
  ASSERT_OK(testee().LogInit(LogSettings{.file = folder / "test.log"}));
  EXPECT_EQ(PermissionsOf(folder) & (S_IWGRP | S_IWOTH), 0u)
      << fmt::format("{:o}", PermissionsOf(folder));
}

TEST_F(LxcLogTest, NullSettingsFailWithEinval) {
  COVERS(spec::lxc_log::kNullSettings);
  EXPECT_THAT(testee().LogInit(std::nullopt), FailsWithErrno(EINVAL));
}

TEST_F(LxcLogTest, AnEmptyFileNameIsRefusedWithEinval) {
  COVERS(spec::lxc_log::kEmptyFileName);
  EXPECT_THAT(testee().LogInit(LogSettings{.name = "named", .lxcpath = lxcpath(), .file = ""}),
              FailsWithErrno(EINVAL));
  EXPECT_THAT(FilesBelow(lxcpath()), IsEmpty());
}

TEST_F(LxcLogTest, ADirectoryIsRefusedWithEisdir) {
  COVERS(spec::lxc_log::kFileIsDirectory);
  EXPECT_THAT(testee().LogInit(LogSettings{.file = scratch()}), FailsWithErrno(EISDIR));
}

TEST_F(LxcLogTest, AFileBelowAFileIsRefusedWithEnotdir) {
  COVERS(spec::lxc_log::kFileCannotBeOpened);
  std::ofstream(file()) << "a file\n";
  const auto open_files = OpenFiles();
  EXPECT_THAT(testee().LogInit(LogSettings{.file = file() + "/test.log"}), FailsWithErrno(ENOTDIR));
  EXPECT_EQ(OpenFiles(), open_files);
}

TEST_F(LxcLogTest, ATooLongPathIsRefusedWithEnametoolong) {
  COVERS(spec::lxc_log::kLongFileName);
  std::string path = scratch();
  while (path.size() <= PATH_MAX) path += "/folder";
  EXPECT_THAT(testee().LogInit(LogSettings{.file = path}), FailsWithErrno(ENAMETOOLONG));
}

TEST_F(LxcLogTest, ATooLongNameIsRefusedWithEnametoolong) {
  COVERS(spec::lxc_log::kLongFileName);
  const fs::path path = scratch() / std::string(NAME_MAX + 1, 'x');
  EXPECT_THAT(testee().LogInit(LogSettings{.file = path}), FailsWithErrno(ENAMETOOLONG));
}

TEST_F(LxcLogTest, AFileThatTheCallerMayNotMakeIsRefusedWithEacces) {
  COVERS(spec::lxc_log::kNoPermission);
  constexpr uid_t kUnprivileged = 65534;
  const fs::path folder = scratch() / "folder";
  ASSERT_TRUE(fs::create_directory(folder));
  ASSERT_EQ(chmod(folder.c_str(), 0700), 0);
  const int reported = InForkedProcess([&] {
    if (setgid(kUnprivileged) != 0 || setuid(kUnprivileged) != 0) return -1;
    const auto initialised = testee().LogInit(LogSettings{.file = folder / "test.log"});
    return initialised ? 0 : initialised.error().code;
  });
  EXPECT_EQ(reported, EACCES);
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
  const auto open_files = OpenFiles();
  testee().LogClose();
  EXPECT_EQ(OpenFiles(), open_files);
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
