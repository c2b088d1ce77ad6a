// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/file_tree.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

class FileTreeTest : public ::testing::Test {
 protected:
  FileTreeTest() {
    std::string name = ::testing::TempDir() + "/file_tree.XXXXXX";
    path_ = mkdtemp(name.data());
    fs::create_directories(path_ / "tree" / "sub");
  }
  ~FileTreeTest() override { fs::remove_all(path_); }

  std::string tree() const { return path_ / "tree"; }
  std::string copy() const { return path_ / "copy"; }
  const fs::path& path() const { return path_; }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / "tree" / name) << text;
  }

  std::string Read(const fs::path& file) const {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  static struct stat Status(const fs::path& file) {
    struct stat status = {};
    EXPECT_EQ(lstat(file.c_str(), &status), 0) << file;
    return status;
  }

 private:
  fs::path path_;
};

// Runs checks in a child with a mount namespace of its own; they exit the child by their result.
bool InOwnMounts(const std::function<bool()>& checks) {
  const pid_t child = fork();
  if (child == 0) {
    const bool ready =
        unshare(CLONE_NEWNS) == 0 && mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    _exit(ready && checks() ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status == 0;
}

TEST_F(FileTreeTest, RemovesEverythingAndNothingBehindLinks) {
  Write("file", "text");
  Write("sub/file", "text");
  std::ofstream(path() / "outside") << "kept";
  fs::create_directories(path() / "folder");
  std::ofstream(path() / "folder" / "inside") << "kept";
  fs::create_symlink(path() / "outside", path() / "tree" / "link");
  fs::create_symlink(path() / "folder", path() / "tree" / "sub" / "link");
  ASSERT_TRUE(RemoveTree(tree()));
  EXPECT_FALSE(fs::exists(tree()));
  EXPECT_EQ(Read(path() / "outside"), "kept");
  EXPECT_EQ(Read(path() / "folder" / "inside"), "kept");
}

TEST_F(FileTreeTest, RemovesALinkAndNotWhereItLeads) {
  fs::create_symlink(tree(), path() / "link");
  ASSERT_TRUE(RemoveTree(path() / "link"));
  EXPECT_TRUE(fs::exists(tree()));
}

TEST_F(FileTreeTest, RemovesWhatIsNotThere) { EXPECT_TRUE(RemoveTree(path() / "nothing")); }

TEST_F(FileTreeTest, RemovesAndCopiesFoldersThatAreDeeperThanAnyPath) {
  const int start = open(tree().c_str(), O_RDONLY | O_CLOEXEC);
  int at = dup(start);
  constexpr int kDepth = 1100;
  for (int depth = 0; depth < kDepth; ++depth) {
    ASSERT_EQ(mkdirat(at, "deeper", 0700), 0);
    const int next = openat(at, "deeper", O_RDONLY | O_CLOEXEC);
    close(at);
    at = next;
  }
  close(at);
  close(start);
  const auto copied = CopyTree(tree(), copy());
  EXPECT_TRUE(copied) << copied.error().ToString();
  EXPECT_TRUE(RemoveTree(copy()));
  EXPECT_TRUE(RemoveTree(tree()));
}

TEST_F(FileTreeTest, KeepsTheNamedEntriesOfAFolderWhoseContentsAreRemoved) {
  Write("config", "kept");
  Write("sub/config", "removed");
  ASSERT_TRUE(RemoveContents(tree(), {"config"}));
  EXPECT_TRUE(fs::exists(tree() + "/config"));
  EXPECT_FALSE(fs::exists(tree() + "/sub"));
}

TEST_F(FileTreeTest, RemovesNothingWhereSomethingIsMounted) {
  Write("a", "text");
  EXPECT_TRUE(InOwnMounts([&] {
    if (mount("none", (tree() + "/sub").c_str(), "tmpfs", 0, nullptr) != 0) return false;
    const auto removed = RemoveTree(tree());
    return !removed && removed.error().code == EBUSY && fs::exists(tree() + "/a");
  }));
}

TEST_F(FileTreeTest, CopiesEachKindOfFileWithItsAttributes) {
  Write("file", "text");
  ASSERT_EQ(chown((tree() + "/file").c_str(), 100123, 100456), 0);
  ASSERT_EQ(chmod((tree() + "/file").c_str(), 04751), 0);
  ASSERT_EQ(symlink("no/where", (tree() + "/link").c_str()), 0);
  ASSERT_EQ(mkfifo((tree() + "/pipe").c_str(), 0604), 0);
  ASSERT_EQ(mknod((tree() + "/null").c_str(), S_IFCHR | 0666, makedev(1, 3)), 0);
  ASSERT_EQ(link((tree() + "/file").c_str(), (tree() + "/sub/same").c_str()), 0);
  ASSERT_EQ(chmod((tree() + "/sub").c_str(), 01770), 0);
  const timespec times[2] = {{.tv_sec = 1000, .tv_nsec = 5}, {.tv_sec = 2000, .tv_nsec = 7}};
  ASSERT_EQ(utimensat(AT_FDCWD, (tree() + "/sub").c_str(), times, 0), 0);

  const auto copied = CopyTree(tree(), copy());
  ASSERT_TRUE(copied) << copied.error().ToString();
  const struct stat file = Status(copy() + "/file");
  EXPECT_EQ(file.st_uid, 100123U);
  EXPECT_EQ(file.st_gid, 100456U);
  EXPECT_EQ(file.st_mode, S_IFREG | 04751U);
  EXPECT_EQ(Read(copy() + "/file"), "text");
  EXPECT_EQ(Status(copy() + "/sub/same").st_ino, file.st_ino);
  EXPECT_EQ(fs::read_symlink(copy() + "/link"), "no/where");
  EXPECT_TRUE(S_ISFIFO(Status(copy() + "/pipe").st_mode));
  EXPECT_EQ(Status(copy() + "/null").st_rdev, makedev(1, 3));
  EXPECT_EQ(Status(copy() + "/sub").st_mode, S_IFDIR | 01770U);
  EXPECT_EQ(Status(copy() + "/sub").st_mtim.tv_sec, 2000);
  EXPECT_EQ(Status(copy() + "/sub").st_mtim.tv_nsec, 7);
}

TEST_F(FileTreeTest, CopiesExtendedAttributes) {
  Write("file", "text");
  const std::string file = tree() + "/file";
  ASSERT_EQ(setxattr(file.c_str(), "trusted.overlay.opaque", "y", 1, 0), 0);
  ASSERT_TRUE(CopyTree(tree(), copy()));
  char value = 0;
  EXPECT_EQ(getxattr((copy() + "/file").c_str(), "trusted.overlay.opaque", &value, 1), 1);
  EXPECT_EQ(value, 'y');
}

TEST_F(FileTreeTest, CopiesHolesAsHoles) {
  constexpr off_t kLarge = off_t{1} << 30;
  Write("sparse", "begin");
  ASSERT_EQ(truncate((tree() + "/sparse").c_str(), kLarge), 0);
  ASSERT_TRUE(CopyTree(tree(), copy()));
  const struct stat status = Status(copy() + "/sparse");
  EXPECT_EQ(status.st_size, kLarge);
  EXPECT_LT(status.st_blocks * 512, kLarge / 100);
}

TEST_F(FileTreeTest, DoesNotCopyWhatIsMountedWithin) {
  EXPECT_TRUE(InOwnMounts([&] {
    if (mount("none", (tree() + "/sub").c_str(), "tmpfs", 0, nullptr) != 0) return false;
    std::ofstream(tree() + "/sub/mounted") << "";
    return CopyTree(tree(), copy()) && fs::is_empty(copy() + "/sub");
  }));
}

TEST_F(FileTreeTest, AFullDiskIsNamedWithTheFile) {
  Write("sub/file", std::string(1 << 20, 'x'));
  EXPECT_TRUE(InOwnMounts([&] {
    const std::string small = path() / "small";
    fs::create_directory(small);
    if (mount("none", small.c_str(), "tmpfs", 0, "size=64k") != 0) return false;
    const auto copied = CopyTree(tree(), small + "/copy");
    return !copied && copied.error().code == ENOSPC &&
           copied.error().attempted.find("sub/file") != std::string::npos;
  }));
}

TEST_F(FileTreeTest, DoesNotCopyOverWhatIsThere) {
  fs::create_directory(copy());
  EXPECT_EQ(CopyTree(tree(), copy()).error().code, EEXIST);
}

TEST_F(FileTreeTest, MakesTheFoldersAbove) {
  ASSERT_TRUE(MakeFolders(path() / "a" / "b" / "c", 0700));
  EXPECT_EQ(Status(path() / "a" / "b" / "c").st_mode, S_IFDIR | 0700U);
  EXPECT_TRUE(MakeFolders(path() / "a" / "b" / "c", 0700));
  std::ofstream(path() / "file") << "";
  EXPECT_FALSE(MakeFolders(path() / "file" / "b", 0700));
}

}  // namespace
}  // namespace lxcspec::runtime
