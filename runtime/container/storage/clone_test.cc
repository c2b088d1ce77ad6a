// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/storage/clone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "runtime/container/storage/dependants.h"
#include "runtime/container/storage/destroy.h"
#include "runtime/container/storage/snapshots.h"
#include "runtime/container/storage/storage_fixture.h"
#include "runtime/kernel/socket.h"

namespace lxcspec::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class CloneTest : public StorageFixture {
 protected:
  static CopyRequest To(const std::string& name) {
    return {.name = name, .lxcpath = std::nullopt, .backing = "", .hook_arguments = {}};
  }
};
class RenameTest : public CloneTest {};
class SnapshotsTest : public CloneTest {};

TEST_F(CloneTest, ACopyHasItsOwnFilesNameAndAddresses) {
  Container original = Made("c");
  ASSERT_TRUE(original.SetItem("lxc.net.0.type", "veth"));
  ASSERT_TRUE(original.SetItem("lxc.net.0.hwaddr", "00:16:3e:11:22:33"));
  Write(Folder("c") + "/hook.sh", "true\n");
  ASSERT_TRUE(original.SetItem("lxc.hook.start", Folder("c") + "/hook.sh argument"));
  ASSERT_TRUE(original.Save(std::nullopt));
  const auto copy = Clone(original, To("d"));
  ASSERT_TRUE(copy) << copy.error().ToString();
  const Container loaded = Opened("d");
  EXPECT_EQ(Value(loaded, "lxc.rootfs.path"), "dir:" + Folder("d") + "/rootfs");
  EXPECT_EQ(Value(loaded, "lxc.uts.name"), "d");
  EXPECT_EQ(Value(loaded, "lxc.tty.max"), "3");
  EXPECT_THAT(Value(loaded, "lxc.net.0.hwaddr"), ::testing::StartsWith("00:16:3e:"));
  EXPECT_NE(Value(loaded, "lxc.net.0.hwaddr"), "00:16:3e:11:22:33");
  EXPECT_EQ(Value(loaded, "lxc.hook.start"), Folder("d") + "/hook.sh argument\n");
  EXPECT_TRUE(Exists(Folder("d") + "/hook.sh"));
  EXPECT_EQ(Read(Folder("d") + "/rootfs/etc/hostname"), "d\n");
  EXPECT_EQ(Read(Folder("c") + "/rootfs/etc/hostname"), "host\n");
}

TEST_F(CloneTest, NameAndAddressesAreKeptOnDemand) {
  Container original = Made("c");
  ASSERT_TRUE(original.SetItem("lxc.uts.name", "kept"));
  ASSERT_TRUE(original.SetItem("lxc.net.0.type", "veth"));
  ASSERT_TRUE(original.SetItem("lxc.net.0.hwaddr", "00:16:3e:11:22:33"));
  CopyRequest request = To("d");
  request.keep_name = true;
  request.keep_hardware_addresses = true;
  ASSERT_TRUE(Clone(original, request));
  EXPECT_EQ(Value(Opened("d"), "lxc.uts.name"), "kept");
  EXPECT_EQ(Value(Opened("d"), "lxc.net.0.hwaddr"), "00:16:3e:11:22:33");
  EXPECT_EQ(Read(Folder("d") + "/rootfs/etc/hostname"), "host\n");
}

TEST_F(CloneTest, HooksSeeTheNewRootAndBothNames) {
  Container original = Made("c");
  ASSERT_TRUE(original.SetItem("lxc.hook.clone",
                               Program("hook",
                                       "echo $LXC_SRC_NAME $LXC_NAME $LXC_CONFIG_FILE \"$@\" > "
                                       "$LXC_ROOTFS_MOUNT/told\n")));
  CopyRequest request = To("d");
  request.hook_arguments = {"more"};
  const auto copy = Clone(original, request);
  ASSERT_TRUE(copy) << copy.error().ToString();
  EXPECT_EQ(Read(Folder("d") + "/rootfs/told"),
            "c d " + Folder("d") + "/config d lxc clone more\n");
}

TEST_F(CloneTest, AHookThatFailsLeavesNothing) {
  Container original = Made("c");
  ASSERT_TRUE(original.SetItem("lxc.hook.clone", Program("hook", "exit 1\n")));
  EXPECT_EQ(Clone(original, To("d")).error().code, ECANCELED);
  CopyRequest snapshot = To("d");
  snapshot.snapshot = true;
  EXPECT_EQ(Clone(original, snapshot).error().code, ECANCELED);
  EXPECT_THAT(Names(lxcpath()), ElementsAre("c"));
  EXPECT_FALSE(HasDependants({.lxcpath = lxcpath(), .name = "c"}));
}

TEST_F(CloneTest, ASnapshotIsAnOverlayThatPinsItsOriginal) {
  Container original = Made("c");
  CopyRequest request = To("d");
  request.snapshot = true;
  const auto copy = Clone(original, request);
  ASSERT_TRUE(copy) << copy.error().ToString();
  EXPECT_EQ(Value(Opened("d"), "lxc.rootfs.path"),
            "overlay:" + Folder("c") + "/rootfs:" + Folder("d") + "/overlay/delta");
  EXPECT_EQ(Read(Folder("d") + "/overlay/delta/etc/hostname"), "d\n");
  EXPECT_EQ(Read(Folder("c") + "/lxc_snapshots"), lxcpath() + "\nd\n");
  EXPECT_EQ(Read(Folder("d") + "/lxc_rdepends"), lxcpath() + "\nc\n");
  EXPECT_EQ(Destroy(original, SnapshotPolicy::kRefuse).error().code, EBUSY);
  EXPECT_EQ(Rename(original, "e").error().code, EBUSY);

  const auto second = Clone(*copy, To("e"));
  ASSERT_TRUE(second) << second.error().ToString();
  EXPECT_EQ(Read(Folder("e") + "/overlay/delta/etc/hostname"), "e\n");
  ASSERT_TRUE(Destroy(*copy, SnapshotPolicy::kRefuse));
  EXPECT_EQ(Destroy(original, SnapshotPolicy::kRefuse).error().code, EBUSY);
  ASSERT_TRUE(Destroy(*second, SnapshotPolicy::kRefuse));
  EXPECT_TRUE(Destroy(original, SnapshotPolicy::kRefuse));
  EXPECT_THAT(Names(lxcpath()), IsEmpty());
}

TEST_F(CloneTest, WhatIsThereIsNotOverwritten) {
  const Container original = Made("c");
  Made("d");
  Write(Folder("d") + "/rootfs/own", "");
  EXPECT_EQ(Clone(original, To("d")).error().code, EEXIST);
  EXPECT_EQ(
      Clone(original,
            {.name = std::nullopt, .lxcpath = std::nullopt, .backing = "", .hook_arguments = {}})
          .error()
          .code,
      EEXIST);
  EXPECT_EQ(Clone(original, To("../d")).error().code, EINVAL);
  EXPECT_TRUE(Exists(Folder("d") + "/rootfs/own"));
}

TEST_F(CloneTest, OfARunningContainerNeedsPermission) {
  const Container original = Made("c");
  const auto listener = ListenAbstract(CommandAddress({.lxcpath = lxcpath(), .name = "c"}));
  ASSERT_TRUE(listener);
  EXPECT_EQ(Clone(original, To("d")).error().code, EBUSY);
  CopyRequest request = To("d");
  request.allow_running = true;
  EXPECT_TRUE(Clone(original, request));
}

TEST_F(RenameTest, MovesTheFolderWithAllItsPaths) {
  Container container = Made("c");
  Write(Folder("c") + "/fstab", "");
  ASSERT_TRUE(container.SetItem("lxc.mount.fstab", Folder("c") + "/fstab"));
  ASSERT_TRUE(container.SetItem("lxc.mount.entry", Folder("c") + "/share mnt none bind 0 0"));
  ASSERT_TRUE(container.SetItem("lxc.mount.entry", Folder("c") + "2/share mnt none bind 0 0"));
  ASSERT_TRUE(container.Save(std::nullopt));
  const auto renamed = Rename(container, "d");
  ASSERT_TRUE(renamed) << renamed.error().ToString();
  EXPECT_THAT(Names(lxcpath()), ElementsAre("d"));
  EXPECT_THAT(Names(Folder("d")), UnorderedElementsAre("config", "fstab", "rootfs"));
  const Container moved = Opened("d");
  EXPECT_EQ(Value(moved, "lxc.rootfs.path"), "dir:" + Folder("d") + "/rootfs");
  EXPECT_EQ(Value(moved, "lxc.mount.fstab"), Folder("d") + "/fstab");
  EXPECT_EQ(Value(moved, "lxc.mount.entry"), Folder("d") + "/share mnt none bind 0 0\n" +
                                                 Folder("c") + "2/share mnt none bind 0 0\n");
  EXPECT_EQ(Value(moved, "lxc.uts.name"), "d");
  EXPECT_EQ(Read(Folder("d") + "/rootfs/etc/hostname"), "d\n");
}

TEST_F(RenameTest, PathsWithSuperfluousSlashesMoveToo) {
  Made("c");
  const Container container = Container::Open("c", lxcpath() + "//").value();
  const auto renamed = Rename(container, "d");
  ASSERT_TRUE(renamed) << renamed.error().ToString();
  EXPECT_EQ(Value(Opened("d"), "lxc.rootfs.path"), "dir:" + Folder("d") + "/rootfs");
}

TEST_F(RenameTest, ANameThatIsTakenOrNoneChangesNothing) {
  const Container container = Made("c");
  Made("d");
  const std::string before = Read(Folder("c") + "/config");
  for (const char* name : {"d", "c"}) EXPECT_EQ(Rename(container, name).error().code, EEXIST);
  for (const char* name : {"", "..", "a/b"})
    EXPECT_EQ(Rename(container, name).error().code, EINVAL);
  EXPECT_EQ(Read(Folder("c") + "/config"), before);
  EXPECT_THAT(Names(lxcpath()), ElementsAre("c", "d"));
}

TEST_F(RenameTest, AHookThatFailsLeavesTheOldName) {
  Container container = Made("c");
  ASSERT_TRUE(container.SetItem("lxc.hook.clone", Program("hook", "exit 1\n")));
  ASSERT_TRUE(container.Save(std::nullopt));
  const std::string before = Read(Folder("c") + "/config");
  EXPECT_EQ(Rename(container, "d").error().code, ECANCELED);
  EXPECT_EQ(Read(Folder("c") + "/config"), before);
  EXPECT_THAT(Names(lxcpath()), ElementsAre("c"));
  EXPECT_THAT(Names(Folder("c")), UnorderedElementsAre("config", "rootfs"));
}

TEST_F(SnapshotsTest, AreNumberedListedAndRemoved) {
  const Container container = Made("c");
  EXPECT_THAT(ListSnapshots(container).value(), IsEmpty());
  Write(top() / "comment", "before the change\n");
  EXPECT_EQ(TakeSnapshot(container, (top() / "comment").string()).value(), 0);
  EXPECT_EQ(TakeSnapshot(container, std::nullopt).value(), 1);
  const auto listed = ListSnapshots(container).value();
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].name, "snap0");
  EXPECT_EQ(listed[0].lxcpath, Folder("c") + "/snaps");
  EXPECT_EQ(Read(listed[0].comment_file), "before the change\n");
  EXPECT_THAT(listed[0].timestamp,
              ::testing::MatchesRegex("[0-9]{4}:[0-9]{2}:[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"));
  EXPECT_EQ(Destroy(container, SnapshotPolicy::kRefuse).error().code, EBUSY);
  EXPECT_EQ(Rename(container, "d").error().code, EBUSY);
  ASSERT_TRUE(DestroySnapshot(container, "snap0"));
  EXPECT_EQ(DestroySnapshot(container, "snap0").error().code, ENOENT);
  EXPECT_EQ(TakeSnapshot(container, std::nullopt).value(), 0);
  ASSERT_TRUE(Destroy(container, SnapshotPolicy::kDestroy));
  EXPECT_THAT(Names(lxcpath()), IsEmpty());
}

TEST_F(SnapshotsTest, ACommentThatCannotBeReadLeavesNoSnapshot) {
  const Container container = Made("c");
  EXPECT_EQ(TakeSnapshot(container, (top() / "nothing").string()).error().code, ENOENT);
  EXPECT_THAT(Names(Folder("c")), UnorderedElementsAre("config", "rootfs"));
}

TEST_F(SnapshotsTest, AreRestoredUnderAnotherName) {
  const Container container = Made("c");
  ASSERT_TRUE(TakeSnapshot(container, std::nullopt));
  Write(Folder("c") + "/rootfs/later", "");
  const auto restored = RestoreSnapshot(container, "snap0", "d");
  ASSERT_TRUE(restored) << restored.error().ToString();
  EXPECT_THAT(Names(Folder("d")), UnorderedElementsAre("config", "rootfs"));
  EXPECT_FALSE(Exists(Folder("d") + "/rootfs/later"));
  EXPECT_EQ(Value(Opened("d"), "lxc.uts.name"), "d");
  EXPECT_EQ(RestoreSnapshot(container, "snap7", "e").error().code, ENOENT);
  EXPECT_EQ(RestoreSnapshot(container, "snap0", "d").error().code, EEXIST);
}

TEST_F(SnapshotsTest, AreRestoredInPlaceOfTheOriginal) {
  const Container container = Made("c");
  ASSERT_TRUE(TakeSnapshot(container, std::nullopt));
  Write(Folder("c") + "/rootfs/later", "");
  const auto restored = RestoreSnapshot(container, "snap0", "c");
  ASSERT_TRUE(restored) << restored.error().ToString();
  EXPECT_THAT(Names(lxcpath()), ElementsAre("c"));
  EXPECT_THAT(Names(Folder("c")), UnorderedElementsAre("config", "rootfs", "snaps"));
  EXPECT_FALSE(Exists(Folder("c") + "/rootfs/later"));
  EXPECT_EQ(Value(Opened("c"), "lxc.rootfs.path"), "dir:" + Folder("c") + "/rootfs");
  EXPECT_EQ(Read(Folder("c") + "/rootfs/etc/hostname"), "host\n");
}

}  // namespace
}  // namespace lxcspec::runtime
