// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/storage/create.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>

#include "runtime/container/storage/destroy.h"
#include "runtime/container/storage/marker.h"
#include "runtime/container/storage/storage_fixture.h"
#include "runtime/kernel/socket.h"

namespace lxcspec::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class CreateTest : public StorageFixture {};
class DestroyTest : public StorageFixture {};

TEST_F(CreateTest, ATemplateFillsTheRootAndCompletesTheConfiguration) {
  Container container = Opened("c");
  CreateRequest request = By("fill");
  request.arguments = {"-r", "two words"};
  const auto made = Create(container, request);
  ASSERT_TRUE(made) << made.error().ToString();
  EXPECT_THAT(Names(Folder("c")), ElementsAre("config", "rootfs"));
  EXPECT_EQ(Value(container, "lxc.tty.max"), "3");
  EXPECT_EQ(Value(container, "lxc.rootfs.path"), "dir:" + Folder("c") + "/rootfs");
  EXPECT_EQ(
      Read(Folder("c") + "/rootfs/arguments"),
      "--path=" + Folder("c") + " --name=c --rootfs=" + Folder("c") + "/rootfs -r two words\n");
  EXPECT_EQ(Opened("c").config(), container.config());
}

TEST_F(CreateTest, AFailingTemplateLeavesNothing) {
  Container container = Opened("c");
  ASSERT_TRUE(container.SetItem("lxc.tty.max", "2"));
  const auto made = Create(container, By("fail"));
  EXPECT_EQ(made.error().code, ECANCELED);
  EXPECT_THAT(made.error().ToString(), HasSubstr("exited with 3"));
  EXPECT_THAT(Names(lxcpath()), IsEmpty());
  EXPECT_EQ(Value(container, "lxc.rootfs.path"), "");
  EXPECT_EQ(Value(container, "lxc.tty.max"), "2");
}

TEST_F(CreateTest, ATemplateThatWritesNoConfigurationLeavesNothing) {
  Container container = Opened("c");
  Program("nonsense",
          "for a; do case $a in --path=*) p=${a#*=};; esac; done\n"
          "echo nonsense >> $p/config\n");
  EXPECT_EQ(Create(container, By("nonsense")).error().code, EINVAL);
  EXPECT_THAT(Names(lxcpath()), IsEmpty());
}

TEST_F(CreateTest, AFailureLeavesADefinedContainerAsItWas) {
  Container container = Opened("c");
  ASSERT_TRUE(container.SetItem("lxc.tty.max", "2"));
  ASSERT_TRUE(container.Save(std::nullopt));
  EXPECT_FALSE(Create(container, By("fail")));
  EXPECT_THAT(Names(Folder("c")), ElementsAre("config"));
  EXPECT_EQ(Read(Folder("c") + "/config"), "lxc.tty.max = 2\n");
}

TEST_F(CreateTest, ATemplateThatIsNotThereIsNamed) {
  Container container = Opened("c");
  EXPECT_EQ(Create(container, By("nothing")).error().code, ENOENT);
  CreateRequest request = By("fill");
  request.template_name = "../fill";
  EXPECT_EQ(Create(container, request).error().code, EINVAL);
  request.template_name = top() / "lxc";
  std::filesystem::create_directory(lxcpath());
  EXPECT_EQ(Create(container, request).error().code, EACCES);
  EXPECT_THAT(Names(lxcpath()), IsEmpty());
}

TEST_F(CreateTest, BackingStoresThatAreNotBuiltAreRefused) {
  Container container = Opened("c");
  CreateRequest request = By("fill");
  request.backing = "lvm";
  EXPECT_EQ(Create(container, request).error().code, ENOTSUP);
  EXPECT_FALSE(Exists(lxcpath()));
}

TEST_F(CreateTest, AContainerIsNotMadeTwice) {
  Container container = Made("c");
  EXPECT_EQ(Create(container, By("fill")).error().code, EEXIST);
  EXPECT_TRUE(Exists(Folder("c") + "/rootfs/etc/hostname"));
}

TEST_F(CreateTest, ARootThatIsThereIsTakenAsItIsAndStaysItsOwners) {
  const std::string rootfs = top() / "own";
  std::filesystem::create_directory(rootfs);
  Container container = Opened("c");
  ASSERT_TRUE(container.SetItem("lxc.rootfs.path", rootfs));
  CreateRequest request = By("fill");
  request.template_name = std::nullopt;
  ASSERT_TRUE(Create(container, request));
  EXPECT_EQ(Value(Opened("c"), "lxc.rootfs.managed"), "0");
  ASSERT_TRUE(Destroy(container, SnapshotPolicy::kRefuse));
  EXPECT_TRUE(Exists(rootfs));
  EXPECT_THAT(Names(lxcpath()), IsEmpty());
}

TEST_F(CreateTest, ARootThatIsNotThereLeavesNothing) {
  Container container = Opened("c");
  ASSERT_TRUE(container.SetItem("lxc.rootfs.path", (top() / "nothing").string()));
  CreateRequest request = By("fill");
  request.template_name = std::nullopt;
  EXPECT_EQ(Create(container, request).error().code, ENOENT);
  EXPECT_THAT(Names(lxcpath()), IsEmpty());
}

TEST_F(CreateTest, DefaultsAreReadOnlyWhereNothingWasConfigured) {
  Write(top() / "default.conf", "lxc.uts.name = byDefault\n");
  CreateRequest request = By("fill");
  request.default_config = top() / "default.conf";
  Container empty = Opened("empty");
  ASSERT_TRUE(Create(empty, request));
  EXPECT_EQ(Value(empty, "lxc.uts.name"), "byDefault");
  Container configured = Opened("configured");
  ASSERT_TRUE(configured.SetItem("lxc.tty.max", "1"));
  ASSERT_TRUE(Create(configured, request));
  EXPECT_EQ(Value(configured, "lxc.uts.name"), "");
}

TEST_F(CreateTest, TheRootGoesWhereTheClientWantsItAndWithTheContainer) {
  Container container = Opened("c");
  CreateRequest request = By("fill");
  request.directory = top() / "elsewhere" / "root";
  ASSERT_TRUE(Create(container, request));
  EXPECT_TRUE(Exists(top() / "elsewhere" / "root" / "etc"));
  ASSERT_TRUE(Destroy(container, SnapshotPolicy::kRefuse));
  EXPECT_FALSE(Exists(top() / "elsewhere" / "root"));
  request.template_name = top() / "fail";
  EXPECT_FALSE(Create(container, request));
  EXPECT_FALSE(Exists(top() / "elsewhere" / "root"));
}

TEST_F(CreateTest, OddNamesAreNames) {
  for (const char* name : {"with blank", "ümläut", "a:b", "--help", "$(touch x)", "c'\"", "*"}) {
    const Container container = Made(name);
    EXPECT_TRUE(Exists(Folder(name) + "/rootfs/etc/hostname")) << name;
    EXPECT_TRUE(Destroy(container, SnapshotPolicy::kRefuse)) << name;
  }
  EXPECT_THAT(Names(lxcpath()), IsEmpty());
}

TEST_F(CreateTest, WithIdMapsTheRootBelongsToTheContainersRoot) {
  Program("mapped",
          "for a; do case $a in --rootfs=*) r=${a#*=};; --path=*) p=${a#*=};;\n"
          "--mapped-uid=*) u=${a#*=};; esac; done\n"
          "mkdir $r/etc; chown \"$u\" $p/config; id -u > $r/id\n");
  Container container = Opened("c");
  ASSERT_TRUE(container.SetItem("lxc.idmap", "u 0 200000 65536"));
  ASSERT_TRUE(container.SetItem("lxc.idmap", "g 0 200000 65536"));
  chmod(top().c_str(), 0755);
  const auto made = Create(container, By("mapped"));
  ASSERT_TRUE(made) << made.error().ToString();
  struct stat status = {};
  ASSERT_EQ(stat((Folder("c") + "/rootfs/etc").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 200000U);
  EXPECT_EQ(Read(Folder("c") + "/rootfs/id"), "0\n");
  ASSERT_EQ(stat((Folder("c") + "/config").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, geteuid());
}

TEST_F(CreateTest, AFullDiskLeavesNothing) {
  Program("large",
          "for a; do case $a in --rootfs=*) r=${a#*=};; esac; done\n"
          "dd if=/dev/zero of=$r/file bs=64k count=16 2>/dev/null\n");
  std::filesystem::create_directory(lxcpath());
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWNS) != 0) _exit(10);
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) _exit(11);
    if (mount("none", lxcpath().c_str(), "tmpfs", 0, "size=256k") != 0) _exit(12);
    Container container = Opened("c");
    if (Create(container, By("large"))) _exit(13);
    if (!Names(lxcpath()).empty()) _exit(14);
    if (mount("none", lxcpath().c_str(), "tmpfs", MS_REMOUNT, "size=256k,nr_inodes=1") != 0) {
      _exit(15);
    }
    const auto made = Create(container, By("fill"));
    if (made || made.error().code != ENOSPC) _exit(16);
    _exit(Names(lxcpath()).empty() ? 0 : 17);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(CreateTest, WhatAnInterruptedCreationLeftIsRemoved) {
  const std::string pipe = top() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  Program("wait",
          "for a; do case $a in --rootfs=*) r=${a#*=};; esac; done\n"
          "echo half > $r/half; echo ready > " +
              pipe + "; read forever < " + pipe + "\n");
  const Place place{.lxcpath = lxcpath(), .name = "c"};
  const pid_t child = fork();
  if (child == 0) {
    Container container = Opened("c");
    static_cast<void>(Create(container, By("wait")));
    _exit(0);
  }
  EXPECT_EQ(Read(pipe), "ready\n");
  // As long as it goes on, nobody touches it.
  EXPECT_TRUE(RemoveInterrupted(place));
  EXPECT_TRUE(Exists(Folder("c") + "/rootfs/half"));
  Container other = Opened("c");
  EXPECT_FALSE(Create(other, By("fill")));
  EXPECT_EQ(Destroy(Opened("c"), SnapshotPolicy::kRefuse).error().code, EBUSY);
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(LookAtMarker(Folder("c")).value(), MarkerState::kAbandoned);
  const auto removed = RemoveInterrupted(place);
  EXPECT_TRUE(removed) << removed.error().ToString();
  EXPECT_THAT(Names(lxcpath()), IsEmpty());
}

TEST_F(CreateTest, AMarkerOfAnotherReleaseStandsForTheWholeContainer) {
  Made("c");
  Write(Folder("c") + "/partial", "");
  ASSERT_TRUE(RemoveInterrupted({.lxcpath = lxcpath(), .name = "c"}));
  EXPECT_THAT(Names(lxcpath()), IsEmpty());
}

TEST_F(CreateTest, AMarkerThatOthersCouldWriteNamesNothing) {
  Made("c");
  std::filesystem::create_directory(top() / "precious");
  Write(Folder("c") + "/partial", (top() / "precious").string() + "\n");
  ASSERT_EQ(chmod((Folder("c") + "/partial").c_str(), 0666), 0);
  ASSERT_TRUE(RemoveInterrupted({.lxcpath = lxcpath(), .name = "c"}));
  EXPECT_TRUE(Exists(top() / "precious"));
}

TEST_F(DestroyTest, LeavesNothing) {
  const Container container = Made("c");
  ASSERT_TRUE(Destroy(container, SnapshotPolicy::kRefuse));
  EXPECT_THAT(Names(lxcpath()), IsEmpty());
  EXPECT_EQ(Destroy(container, SnapshotPolicy::kRefuse).error().code, ENOENT);
}

TEST_F(DestroyTest, OfARunningContainerIsRefused) {
  const Container container = Made("c");
  const auto listener = ListenAbstract(CommandAddress({.lxcpath = lxcpath(), .name = "c"}));
  ASSERT_TRUE(listener);
  EXPECT_EQ(Destroy(container, SnapshotPolicy::kRefuse).error().code, EBUSY);
  EXPECT_THAT(Names(Folder("c")), UnorderedElementsAre("config", "rootfs"));
}

TEST_F(DestroyTest, AHookThatFailsKeepsTheContainer) {
  Container container = Made("c");
  ASSERT_TRUE(container.SetItem("lxc.hook.destroy", Program("hook", "exit 1\n")));
  ASSERT_TRUE(container.Save(std::nullopt));
  EXPECT_EQ(Destroy(container, SnapshotPolicy::kRefuse).error().code, ECANCELED);
  EXPECT_THAT(Names(Folder("c")), UnorderedElementsAre("config", "rootfs"));
}

TEST_F(DestroyTest, NeverRemovesAFolderThatTheContainerIsIn) {
  for (const std::string& rootfs : {std::string("/"), top().string(), lxcpath()}) {
    Container container = Opened("c");
    ASSERT_TRUE(container.SetItem("lxc.rootfs.path", rootfs));
    ASSERT_TRUE(container.Save(std::nullopt));
    EXPECT_EQ(Destroy(container, SnapshotPolicy::kRefuse).error().code, EINVAL) << rootfs;
    EXPECT_TRUE(Exists(Folder("c") + "/config"));
  }
}

}  // namespace
}  // namespace lxcspec::runtime
