// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/path.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;

class PathTest : public ::testing::Test {
 protected:
  PathTest() : folder_(::testing::TempDir() + "path") {
    fs::create_directories(folder_ / "root/etc");
    fs::create_directories(folder_ / "outside");
    root_ = UniqueFd(open((folder_ / "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  ~PathTest() override { fs::remove_all(folder_); }

  int ErrorOf(const Result<UniqueFd>& result) { return result ? 0 : result.error().code; }

  bool IsSame(int fd, const fs::path& path) {
    struct stat one = {};
    struct stat other = {};
    return fstat(fd, &one) == 0 && stat(path.c_str(), &other) == 0 && one.st_ino == other.st_ino;
  }

  fs::path folder_;
  UniqueFd root_;
};

TEST_F(PathTest, NothingLeadsOutOfTheRoot) {
  fs::create_symlink(folder_ / "outside", folder_ / "root/absolute");
  fs::create_symlink("../outside", folder_ / "root/relative");

  EXPECT_EQ(ErrorOf(OpenInRoot(root_.get(), "absolute", O_PATH)), ENOENT);
  EXPECT_EQ(ErrorOf(OpenInRoot(root_.get(), "relative", O_PATH)), ENOENT);
  EXPECT_EQ(ErrorOf(OpenInRoot(root_.get(), "../outside", O_PATH)), ENOENT);
  EXPECT_EQ(ErrorOf(OpenInRoot(root_.get(), (folder_ / "outside").string(), O_PATH)), ENOENT);
  const auto above = OpenInRoot(root_.get(), "../../..", O_PATH);
  ASSERT_TRUE(above);
  EXPECT_TRUE(IsSame(above->get(), folder_ / "root"));
}

TEST_F(PathTest, AbsoluteLinksMeanTheRoot) {
  fs::create_symlink("/etc", folder_ / "root/link");

  const auto opened = OpenInRoot(root_.get(), "link", O_PATH);

  ASSERT_TRUE(opened);
  EXPECT_TRUE(IsSame(opened->get(), folder_ / "root/etc"));
}

TEST_F(PathTest, FoldersAreMadeWithTheirParents) {
  const auto made = MakeFolderInRoot(root_.get(), "/a/b//c/", 0755);

  ASSERT_TRUE(made);
  EXPECT_TRUE(IsSame(made->get(), folder_ / "root/a/b/c"));
  EXPECT_TRUE(MakeFolderInRoot(root_.get(), "a/b/c", 0755));
}

TEST_F(PathTest, FoldersAreNotMadeThroughLinksThatLeadNowhere) {
  fs::create_symlink(folder_ / "outside", folder_ / "root/evil");

  EXPECT_EQ(ErrorOf(MakeFolderInRoot(root_.get(), "evil", 0755)), ENOENT);
  EXPECT_EQ(ErrorOf(MakeFolderInRoot(root_.get(), "evil/x", 0755)), ENOENT);
  EXPECT_EQ(ErrorOf(MakeFileInRoot(root_.get(), "evil", 0644)), ENOENT);
  EXPECT_EQ(ErrorOf(MakeFileInRoot(root_.get(), "evil/x", 0644)), ENOENT);
  EXPECT_TRUE(fs::is_empty(folder_ / "outside"));
}

TEST_F(PathTest, FileWhereAFolderIsNeededIsSaid) {
  std::ofstream(folder_ / "root/file") << "x";

  EXPECT_EQ(ErrorOf(MakeFolderInRoot(root_.get(), "file/x", 0755)), ENOTDIR);
}

TEST_F(PathTest, FilesAreMadeEmptyAndKeptWhereTheyAre) {
  std::ofstream(folder_ / "root/etc/present") << "kept";

  EXPECT_TRUE(MakeFileInRoot(root_.get(), "etc/new/file", 0600));
  EXPECT_TRUE(MakeFileInRoot(root_.get(), "etc/present", 0600));

  EXPECT_EQ(fs::file_size(folder_ / "root/etc/new/file"), 0U);
  EXPECT_EQ(fs::file_size(folder_ / "root/etc/present"), 4U);
}

TEST_F(PathTest, WholeFilesAreReadAndWritten) {
  std::ofstream(folder_ / "root/etc/file") << "old text";

  ASSERT_TRUE(WriteInto(root_.get(), "etc/file", "new"));

  EXPECT_EQ(ReadWhole((folder_ / "root/etc/file").string()).value_or(""), "new text");
  EXPECT_EQ(WriteInto(root_.get(), "etc/absent", "x").error().code, ENOENT);
  EXPECT_EQ(ReadWhole("/no/such/file").error().code, ENOENT);
  EXPECT_NE(ReadWhole("/proc/self/status").value_or(""), "");
  EXPECT_THAT(ReadRecord("/proc/self/status").value_or(""),
              HasSubstr("nonvoluntary_ctxt_switches"));
  const std::string longer(10'000, 'x');
  std::ofstream(folder_ / "longer") << longer;
  EXPECT_EQ(ReadRecord((folder_ / "longer").string()).value_or(""), longer);
  EXPECT_EQ(ReadRecord("/no/such/file").error().code, ENOENT);
}

}  // namespace
}  // namespace lxcspec::runtime
