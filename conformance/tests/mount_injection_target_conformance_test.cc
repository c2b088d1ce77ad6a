// SPDX-License-Identifier: Apache-2.0
//
// Where something is mounted: what is made for it, what stays, and what is never left.

#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "conformance/harness/mount_test.h"
#include "conformance/harness/processes.h"

namespace lxcspec {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

namespace fs = std::filesystem;

class MountInjectionTargetTest : public MountTest {
 protected:
  // A bind of a host's folder that the container has from the start.
  ConfigItems Given(const fs::path& folder, const std::string& target) const {
    return {{"lxc.mount.entry", folder.string() + " " + target + " none bind,create=dir 0 0"}};
  }
};

TEST_F(MountInjectionTargetTest, MissingTargetIsMadeWithItsParents) {
  COVERS(spec::mount_injection::kMakesTarget);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount(Bind("/not/there/yet")));

  EXPECT_THAT(container.Ask({"read-from", "/not/there/yet/file"}), SucceedsWith("from the host"));
}

TEST_F(MountInjectionTargetTest, EmptyFolderIsKept) {
  COVERS(spec::mount_injection::kKeepsTarget);
  ASSERT_TRUE(fs::create_directory(rootfs() / "target"));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK_AND_ASSIGN(const FileIdentity before, IdentityOf(rootfs() / "target"));

  ASSERT_OK(container->Mount(Bind("/target")));
  EXPECT_THAT(IdentityOf(rootfs() / "target"), SucceedsWith(before));
  ASSERT_OK(container->Umount("/target", 0));

  EXPECT_THAT(IdentityOf(rootfs() / "target"), SucceedsWith(before));
}

TEST_F(MountInjectionTargetTest, FullFolderIsKept) {
  COVERS(spec::mount_injection::kKeepsTarget);
  ASSERT_TRUE(fs::create_directory(rootfs() / "target"));
  ASSERT_OK(WriteContent(rootfs() / "target" / "precious", "kept"));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount(Bind("/target")));
  EXPECT_THAT(container.Ask({"read-from", "/target/file"}), SucceedsWith("from the host"));
  ASSERT_OK(container->Umount("/target", 0));

  EXPECT_THAT(container.Ask({"read-from", "/target/precious"}), SucceedsWith("kept"));
}

TEST_F(MountInjectionTargetTest, LinkIsFollowedAndKept) {
  COVERS(spec::mount_injection::kFollowsLink);
  ASSERT_TRUE(fs::create_directory(rootfs() / "target"));
  fs::create_symlink("/target", rootfs() / "link");
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount(Bind("/link")));

  EXPECT_THAT(MountsAt(container.init(), "/target"), SizeIs(1));
  EXPECT_TRUE(fs::is_symlink(rootfs() / "link"));
}

TEST_F(MountInjectionTargetTest, LinkOnTheWayIsFollowed) {
  COVERS(spec::mount_injection::kFollowsLink);
  ASSERT_TRUE(fs::create_directories(rootfs() / "folder" / "target"));
  fs::create_symlink("folder", rootfs() / "link");
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount(Bind("/link/target")));

  EXPECT_THAT(MountsAt(container.init(), "/folder/target"), SizeIs(1));
}

struct Way {
  std::string name;
  bool link;
  std::string prefix;  // before the path of the folder outside, as the host has it
};

class MountInjectionWayOutTest : public MountTest, public ::testing::WithParamInterface<Way> {};

INSTANTIATE_TEST_SUITE_P(All, MountInjectionWayOutTest,
                         ::testing::Values(Way{"Dots", false, "/../../../../../../../../../.."},
                                           Way{"AbsoluteLink", true, ""},
                                           Way{"LinkWithDots", true, "../../../../../../../../.."}),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(MountInjectionWayOutTest, NothingOutsideIsTouched) {
  COVERS(spec::mount_injection::kStaysInside);
  const std::string way = GetParam().prefix + (outside() / "folder").string();
  if (GetParam().link) fs::create_symlink(way, rootfs() / "target");
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  const std::vector<std::string> before = Traces(container);

  static_cast<void>(container->Mount(Bind(GetParam().link ? "/target" : way)));

  EXPECT_EQ(Traces(container), before);
}

TEST_P(MountInjectionWayOutTest, NothingIsMadeOutside) {
  COVERS(spec::mount_injection::kStaysInside);
  const std::string way = GetParam().prefix + outside().string();
  if (GetParam().link) fs::create_symlink(way, rootfs() / "target");
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  const std::vector<std::string> before = Traces(container);

  static_cast<void>(container->Mount(Bind((GetParam().link ? "/target" : way) + "/new/folder")));

  EXPECT_EQ(Traces(container), before);
}

TEST_F(MountInjectionTargetTest, FolderOverFileIsRefused) {
  COVERS(spec::mount_injection::kFolderOverFile);
  ASSERT_OK(WriteContent(rootfs() / "target", "kept"));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  EXPECT_THAT(container->Mount(Bind("/target")), FailsWithErrno(ENOTDIR));

  EXPECT_THAT(ContentOf(rootfs() / "target"), SucceedsWith("kept"));
}

TEST_F(MountInjectionTargetTest, FileSystemOverFileIsRefused) {
  COVERS(spec::mount_injection::kFolderOverFile);
  ASSERT_OK(WriteContent(rootfs() / "target", "kept"));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  EXPECT_THAT(container->Mount({.source = std::nullopt,
                                .target = "/target",
                                .type = "tmpfs",
                                .flags = 0,
                                .data = std::nullopt}),
              FailsWithErrno(ENOTDIR));

  EXPECT_THAT(ContentOf(rootfs() / "target"), SucceedsWith("kept"));
}

TEST_F(MountInjectionTargetTest, UserNamespaceGetsFoldersAndFileSystems) {
  COVERS(spec::mount_injection::kUserNamespace);
  ASSERT_OK_AND_ASSIGN(const ConfigItems ids, MapIds());
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving(ids));

  ASSERT_OK(container->Mount(Bind("/target/folder")));
  ASSERT_OK(container->Mount({.source = std::nullopt,
                              .target = "/target/new",
                              .type = "tmpfs",
                              .flags = 0,
                              .data = std::nullopt}));

  EXPECT_THAT(container.Ask({"read-from", "/target/folder/file"}), SucceedsWith("from the host"));
  EXPECT_THAT(MountsAt(container.init(), "/target/new"), SizeIs(1));
  ASSERT_OK(container->Umount("/target/folder", 0));
  ASSERT_OK(container->Umount("/target/new", 0));
  EXPECT_THAT(MountsBelow(container.init(), "/target"), IsEmpty());
}

TEST_F(MountInjectionTargetTest, UserNamespaceCannotTakeFlagsAway) {
  COVERS(spec::mount_injection::kUserNamespaceKeepsFlags);
  ASSERT_OK_AND_ASSIGN(const ConfigItems ids, MapIds());
  ASSERT_OK(WriteContent(source() / "file", "kept"));
  ASSERT_EQ(chmod((source() / "file").c_str(), 0666), 0);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving(ids));
  ASSERT_OK(container->Mount(Bind("/target", MS_RDONLY)));

  EXPECT_THAT(MountInside(container, "-", "/target", "-", MS_BIND | MS_REMOUNT),
              FailsWithErrno(EPERM));

  EXPECT_THAT(container.Ask({"write-to", "/target/file", "over"}), FailsWithErrno(EROFS));
}

struct LockedFlag {
  std::string name;
  unsigned long flag;
};

class MountInjectionLockedTest : public MountTest,
                                 public ::testing::WithParamInterface<LockedFlag> {};

INSTANTIATE_TEST_SUITE_P(All, MountInjectionLockedTest,
                         ::testing::Values(LockedFlag{"ReadOnly", MS_RDONLY},
                                           LockedFlag{"NoSuid", MS_NOSUID},
                                           LockedFlag{"NoDev", MS_NODEV},
                                           LockedFlag{"NoExec", MS_NOEXEC}),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(MountInjectionLockedTest, UserNamespaceCannotTakeItAway) {
  COVERS(spec::mount_injection::kUserNamespaceKeepsFlags);
  ASSERT_OK_AND_ASSIGN(const ConfigItems ids, MapIds());
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving(ids));
  ASSERT_OK(container->Mount(Bind("/target", GetParam().flag)));

  EXPECT_THAT(MountInside(container, "-", "/target", "-", MS_BIND | MS_REMOUNT),
              FailsWithErrno(EPERM));
}

TEST_F(MountInjectionTargetTest, NoMoreRightsThanTheContainersRoot) {
  COVERS(spec::mount_injection::kUserNamespaceRights);
  ASSERT_OK_AND_ASSIGN(const ConfigItems ids, MapIds());
  ASSERT_EQ(chmod(outside().c_str(), 0700), 0);
  ConfigItems config = Given(outside(), "closed");
  config.insert(config.end(), ids.begin(), ids.end());
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving(config));
  const std::vector<std::string> before = Traces(container);

  EXPECT_THAT(container->Mount(Bind("/closed/new")), Fails());
  EXPECT_THAT(container->Mount(Bind("/closed/folder")), Fails());

  EXPECT_EQ(Traces(container), before);
}

TEST_F(MountInjectionTargetTest, HostileContainerChangesNothingOfTheHost) {
  COVERS(spec::mount_injection::kHostileTarget);
  constexpr int kCalls = 300;
  const std::vector<std::string> targets = {"/place/here", "/place/here/folder", "/place/here/file",
                                            "/place/here/../here"};
  const fs::path given = scratch() / "given";
  ASSERT_TRUE(fs::create_directories(given / "folder"));
  ASSERT_OK(WriteContent(given / "file", "kept"));
  ASSERT_TRUE(fs::create_directory(rootfs() / "place"));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving(Given(given, "given")));
  std::vector<std::string> host_before;
  for (const SeenMount& mount : MountsOf(getpid())) host_before.push_back(mount.point);
  const std::vector<std::string> given_before = TreeOf(given);
  const std::vector<std::string> outside_before = TreeOf(outside());
  ASSERT_OK(container.Ask({"start", "mayhem", "/place/here", "/given", kExchange}));

  for (int call = 0; call < kCalls; ++call) {
    const std::string& target = targets[static_cast<size_t>(call) % targets.size()];
    if (container->Mount(Bind(target))) static_cast<void>(container->Umount(target, MNT_DETACH));
  }

  std::vector<std::string> host_after;
  for (const SeenMount& mount : MountsOf(getpid())) host_after.push_back(mount.point);
  EXPECT_EQ(host_after, host_before);
  // What calls made on the way is more, but nothing may be less or another.
  EXPECT_THAT(TreeOf(given), IsSupersetOf(given_before));
  EXPECT_EQ(TreeOf(outside()), outside_before);
  EXPECT_THAT(TreeOf(exchange()), IsEmpty());
}

}  // namespace
}  // namespace lxcspec
