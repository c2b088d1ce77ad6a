// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/setup/mount_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>
#include <fstream>

#include "runtime/container/setup/automount_words.h"

namespace lxcspec::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

MountOptions Parsed(std::string_view text) {
  const auto options = ParseMountOptions(text);
  EXPECT_TRUE(options) << text;
  return options ? *options : MountOptions{};
}

TEST(MountOptionsTest, FlagsAreCollectedAndLaterOnesWin) {
  EXPECT_EQ(Parsed("defaults").flags, 0U);
  EXPECT_EQ(Parsed("rbind,ro,nosuid").flags, MS_BIND | MS_REC | MS_RDONLY | MS_NOSUID);
  EXPECT_EQ(Parsed("ro,noexec,rw,exec").flags, 0U);
}

TEST(MountOptionsTest, OwnOptionsAreNotTheFileSystems) {
  const MountOptions options = Parsed("optional,relative,create=file,size=1m,idmap=container");

  EXPECT_TRUE(options.optional);
  EXPECT_TRUE(options.relative);
  EXPECT_EQ(options.create, CreateTarget::kFile);
  EXPECT_EQ(options.data, "size=1m");
  EXPECT_EQ(options.idmap, "container");
}

TEST(MountOptionsTest, PropagationKeepsItsOrder) {
  EXPECT_THAT(Parsed("rslave,shared").propagation, ElementsAre(MS_SLAVE | MS_REC, MS_SHARED));
}

TEST(MountOptionsTest, CommaBehindABackslashStaysInTheOption) {
  EXPECT_EQ(Parsed("lowerdir=a\\,b,x").data, "lowerdir=a\\,b,x");
}

TEST(MountOptionsTest, UnknownThingToCreateIsRefused) {
  const auto options = ParseMountOptions("create=device");

  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().code, EINVAL);
}

TEST(MountEntryTest, FieldsAreTakenApart) {
  const auto entry = ParseMountEntry("/a\\040b c none bind,ro 0 0", "");

  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->source, "/a b");
  EXPECT_EQ(entry->target, "c");
  EXPECT_EQ(entry->type, "none");
  EXPECT_EQ(entry->options.flags, MS_BIND | MS_RDONLY);
}

TEST(MountEntryTest, OptionsMayBeMissing) { EXPECT_TRUE(ParseMountEntry("proc proc proc", "")); }

TEST(MountEntryTest, TooFewOrTooManyFieldsAreRefused) {
  EXPECT_EQ(ParseMountEntry("a b", "").error().code, EINVAL);
  EXPECT_EQ(ParseMountEntry("a b c d 0 0 0", "").error().code, EINVAL);
}

TEST(MountEntryTest, OnlyTargetsBelowTheRootfsLoseItsPath) {
  const auto target = [](std::string_view path) {
    return ParseMountEntry("a " + std::string(path) + " none", "/c/rootfs/")->target;
  };

  EXPECT_EQ(target("/c/rootfs/mnt"), "/mnt");
  EXPECT_EQ(target("/c/rootfs"), "/");
  EXPECT_EQ(target("/c/rootfs2/mnt"), "/c/rootfs2/mnt");
  EXPECT_EQ(target("mnt"), "mnt");
}

TEST(MountEntryTest, AbsoluteTargetsElsewhereAreOptional) {
  EXPECT_TRUE(ParseMountEntry("shm /dev/shm tmpfs", "/c/rootfs")->options.optional);
  EXPECT_FALSE(ParseMountEntry("shm /c/rootfs/dev/shm tmpfs", "/c/rootfs")->options.optional);
  EXPECT_FALSE(ParseMountEntry("shm dev/shm tmpfs", "/c/rootfs")->options.optional);
}

TEST(FstabTest, ErrorNamesFileAndLine) {
  const std::string path = ::testing::TempDir() + "fstab";
  std::ofstream(path) << "# comment\n\nproc proc proc\nbroken\n";

  const auto entries = ReadFstab(path, "");

  ASSERT_FALSE(entries);
  EXPECT_THAT(entries.error().attempted, HasSubstr("fstab:4: "));
}

TEST(FstabTest, MissingFileIsSaid) {
  EXPECT_EQ(ReadFstab("/no/such/fstab", "").error().code, ENOENT);
}

TEST(AutoMountsTest, LaterWordsOverrideEarlierOnesOfTheSameKind) {
  const auto mounts =
      ParseAutoMounts({"proc", "sys:ro", "cgroup:mixed", "sys:rw", "cgroup2"}, true);

  ASSERT_TRUE(mounts);
  EXPECT_EQ(mounts->proc, AutoMode::kMixed);
  EXPECT_EQ(mounts->sys, AutoMode::kReadWrite);
  EXPECT_EQ(mounts->cgroup, CgroupMount::kUnified);
  EXPECT_EQ(mounts->cgroup_mode, AutoMode::kReadWrite);
  EXPECT_TRUE(mounts->cgroup_force);
}

TEST(AutoMountsTest, CgroupWithoutAModeDependsOnPrivileges) {
  EXPECT_EQ(ParseAutoMounts({"cgroup"}, true)->cgroup_mode, AutoMode::kReadWrite);
  EXPECT_EQ(ParseAutoMounts({"cgroup-full:force"}, false)->cgroup_mode, AutoMode::kMixed);
}

TEST(AutoMountsTest, SharedMountsHaveADefaultPlace) {
  const auto mounts = ParseAutoMounts({"shmounts:/host"}, true);

  ASSERT_TRUE(mounts);
  EXPECT_EQ(mounts->shared_source, "/host");
  EXPECT_EQ(mounts->shared_target, "/dev/.lxc-mounts");
  EXPECT_EQ(ParseAutoMounts({"shmounts:/host:/mnt"}, true)->shared_target, "/mnt");
}

TEST(AutoMountsTest, WrongWordsAreRefused) {
  for (const char* word :
       {"proc:force", "devpts", "shmounts:relative", "shmounts:/a:relative", "cgroup:rwx"}) {
    EXPECT_FALSE(ParseAutoMounts({word}, true)) << word;
  }
}

}  // namespace
}  // namespace lxcspec::runtime
