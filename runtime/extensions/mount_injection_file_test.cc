// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/mount_injection_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

class MountInjectionFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/injection.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    fd_ = UniqueFd(open(pattern.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  void TearDown() override { fs::remove_all(root_); }

  int CodeFor(const std::string& target) const {
    const auto file = FileForInjection(fd_.get(), target);
    return file ? 0 : file.error().code;
  }

  fs::path root_;
  UniqueFd fd_;
};

TEST_F(MountInjectionFileTest, FileIsMadeWithItsParents) {
  EXPECT_EQ(CodeFor("/a/b/file"), 0);
  EXPECT_TRUE(fs::is_regular_file(root_ / "a/b/file"));
}

TEST_F(MountInjectionFileTest, FileThatIsThereIsKept) {
  std::ofstream(root_ / "file") << "kept";
  ASSERT_EQ(mkfifo((root_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(CodeFor("/file"), 0);
  EXPECT_EQ(CodeFor("/fifo"), 0);
  EXPECT_EQ(fs::file_size(root_ / "file"), 4U);
  EXPECT_TRUE(fs::is_fifo(root_ / "fifo"));
}

TEST_F(MountInjectionFileTest, FolderIsRefused) {
  fs::create_directory(root_ / "folder");
  EXPECT_EQ(CodeFor("/folder"), ENOTDIR);
  EXPECT_TRUE(fs::is_directory(root_ / "folder"));
}

TEST_F(MountInjectionFileTest, LinksAreOfTheContainer) {
  fs::create_symlink("/etc/passwd", root_ / "link");
  EXPECT_EQ(CodeFor("/link"), ENOENT);
  fs::create_directory(root_ / "etc");
  std::ofstream(root_ / "etc/passwd") << "kept";
  EXPECT_EQ(CodeFor("/link"), 0);
  EXPECT_TRUE(fs::is_symlink(root_ / "link"));
}

TEST_F(MountInjectionFileTest, FoldersAndFilesAreToldApart) {
  const UniqueFd null(open("/dev/null", O_PATH | O_CLOEXEC));
  EXPECT_TRUE(IsFolder(fd_.get()).value());
  EXPECT_FALSE(IsFolder(null.get()).value());
  EXPECT_FALSE(IsFolder(-1));
}

}  // namespace
}  // namespace lxcspec::runtime
