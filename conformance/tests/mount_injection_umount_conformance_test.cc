// SPDX-License-Identifier: Apache-2.0
//
// Unmounting, and what both calls refuse.

#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "conformance/harness/mount_test.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

namespace fs = std::filesystem;

class MountInjectionUmountTest : public MountTest {
 protected:
  void SetUp() override {
    MountTest::SetUp();
    fs::create_directory(rootfs() / "target");
  }

  static MountCall NewTmpfs(const std::string& target, unsigned long flags = 0) {
    return {.source = std::nullopt,
            .target = target,
            .type = "tmpfs",
            .flags = flags,
            .data = std::nullopt};
  }
};

TEST_F(MountInjectionUmountTest, TakesTheMountAway) {
  COVERS(spec::mount_injection::kUmount);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(Bind("/target")));
  ASSERT_THAT(MountsAt(container.init(), "/target"), SizeIs(1));

  ASSERT_OK(container->Umount("/target", 0));

  EXPECT_THAT(MountsAt(container.init(), "/target"), IsEmpty());
  EXPECT_THAT(container.Ask({"read-from", "/target/file"}), FailsWithErrno(ENOENT));
  EXPECT_THAT(ContentOf(source() / "file"), SucceedsWith("from the host"));
}

TEST_F(MountInjectionUmountTest, TakesTheUppermostMountAlone) {
  COVERS(spec::mount_injection::kUmount);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(MountInside(container, "first", "/target", "tmpfs", 0));
  ASSERT_OK(MountInside(container, "second", "/target", "tmpfs", 0));

  ASSERT_OK(container->Umount("/target", 0));

  const std::vector<SeenMount> mounts = MountsAt(container.init(), "/target");
  ASSERT_THAT(mounts, SizeIs(1));
  EXPECT_EQ(mounts[0].source, "first");
}

TEST_F(MountInjectionUmountTest, TakesTheContainersOwnMountAway) {
  COVERS(spec::mount_injection::kUmountOwn);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(MountInside(container, "of-the-container", "/target", "tmpfs", 0));

  ASSERT_OK(container->Umount("/target", 0));

  EXPECT_THAT(MountsAt(container.init(), "/target"), IsEmpty());
}

TEST_F(MountInjectionUmountTest, BusyMountStays) {
  COVERS(spec::mount_injection::kUmountBusy);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(Bind("/target")));
  const UniqueFd user(open(Inside(container, "/target").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(user);

  EXPECT_THAT(container->Umount("/target", 0), FailsWithErrno(EBUSY));

  EXPECT_THAT(MountsAt(container.init(), "/target"), SizeIs(1));
}

TEST_F(MountInjectionUmountTest, BusyMountIsDetached) {
  COVERS(spec::mount_injection::kUmountBusy);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(Bind("/target")));
  const UniqueFd user(open(Inside(container, "/target").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(user);

  EXPECT_OK(container->Umount("/target", MNT_DETACH));

  EXPECT_THAT(MountsAt(container.init(), "/target"), IsEmpty());
}

TEST_F(MountInjectionUmountTest, LinkIsFollowed) {
  COVERS(spec::mount_injection::kUmountNofollow);
  fs::create_symlink("/target", rootfs() / "link");
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(Bind("/target")));

  EXPECT_OK(container->Umount("/link", 0));

  EXPECT_THAT(MountsAt(container.init(), "/target"), IsEmpty());
}

TEST_F(MountInjectionUmountTest, LinkIsNotFollowedOnRequest) {
  COVERS(spec::mount_injection::kUmountNofollow);
  fs::create_symlink("/target", rootfs() / "link");
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(Bind("/target")));

  EXPECT_THAT(container->Umount("/link", UMOUNT_NOFOLLOW), Fails());

  EXPECT_THAT(MountsAt(container.init(), "/target"), SizeIs(1));
}

TEST_F(MountInjectionUmountTest, FolderThatIsNoMountFailsWithEinval) {
  COVERS(spec::mount_injection::kUmountWhatIsNone);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  EXPECT_THAT(container->Umount("/target", 0), FailsWithErrno(EINVAL));
}

TEST_F(MountInjectionUmountTest, MissingTargetFailsWithEnoent) {
  COVERS(spec::mount_injection::kUmountWhatIsNone);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  EXPECT_THAT(container->Umount("/not-there", 0), FailsWithErrno(ENOENT));
}

TEST_F(MountInjectionUmountTest, UnknownFlagFailsWithEinval) {
  COVERS(spec::mount_injection::kUmountWhatIsNone);
  constexpr unsigned long kNoSuchFlag = 0x4000;
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(Bind("/target")));

  EXPECT_THAT(container->Umount("/target", kNoSuchFlag), FailsWithErrno(EINVAL));

  EXPECT_THAT(MountsAt(container.init(), "/target"), SizeIs(1));
}

TEST_F(MountInjectionUmountTest, FailedMountIsNegative) {
  COVERS(spec::mount_injection::kFailureIsNegative);
  ASSERT_OK(WriteContent(rootfs() / "a-file", "kept"));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  const Status mounted = container->Mount(NewTmpfs("/a-file/below"));

  EXPECT_THAT(mounted, Fails());
  EXPECT_THAT(mounted, Not(FailsWithErrno(EPROTO)));
}

TEST_F(MountInjectionUmountTest, FailedUmountIsNegative) {
  COVERS(spec::mount_injection::kFailureIsNegative);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  const Status unmounted = container->Umount("/not-there", 0);

  EXPECT_THAT(unmounted, Fails());
  EXPECT_THAT(unmounted, Not(FailsWithErrno(EPROTO)));
}

TEST_F(MountInjectionUmountTest, MissingSourceFailsWithEnoent) {
  COVERS(spec::mount_injection::kNoSource);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  MountCall call = Bind("/target");
  call.source = (scratch() / "not-there").string();

  EXPECT_THAT(container->Mount(call), FailsWithErrno(ENOENT));
}

TEST_F(MountInjectionUmountTest, UnknownTypeFailsWithEnodev) {
  COVERS(spec::mount_injection::kUnknownFilesystem);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  MountCall call = NewTmpfs("/target");
  call.type = "no-such-filesystem";

  EXPECT_THAT(container->Mount(call), FailsWithErrno(ENODEV));
}

TEST_F(MountInjectionUmountTest, UnknownOptionFailsWithEinval) {
  COVERS(spec::mount_injection::kRefusedData);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  MountCall call = NewTmpfs("/target");
  call.data = "no-such-option=1";

  EXPECT_THAT(container->Mount(call), FailsWithErrno(EINVAL));
}

TEST_F(MountInjectionUmountTest, TargetOfAMountMustBeAnAbsolutePath) {
  COVERS(spec::mount_injection::kBadArguments);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  MountCall call = Bind("target");

  EXPECT_THAT(container->Mount(call), FailsWithErrno(EINVAL));
  call.target = "";
  EXPECT_THAT(container->Mount(call), FailsWithErrno(EINVAL));
}

TEST_F(MountInjectionUmountTest, NullTargetOfAMountFailsWithEinval) {
  COVERS(spec::mount_injection::kBadArguments);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  MountCall call = Bind("/target");
  call.target = std::nullopt;

  EXPECT_THAT(container->Mount(call), FailsWithErrno(EINVAL));
}

TEST_F(MountInjectionUmountTest, TargetOfAnUmountMustBeAnAbsolutePath) {
  COVERS(spec::mount_injection::kBadArguments);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(Bind("/target")));

  EXPECT_THAT(container->Umount("target", 0), FailsWithErrno(EINVAL));
  EXPECT_THAT(container->Umount("", 0), FailsWithErrno(EINVAL));
  EXPECT_THAT(container->Umount(std::nullopt, 0), FailsWithErrno(EINVAL));

  EXPECT_THAT(MountsAt(container.init(), "/target"), SizeIs(1));
}

TEST_F(MountInjectionUmountTest, MountOfNothingFailsWithEinval) {
  COVERS(spec::mount_injection::kBadArguments);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  MountCall no_type = NewTmpfs("/target");
  no_type.type = std::nullopt;
  MountCall no_source = Bind("/target");
  no_source.source = std::nullopt;

  EXPECT_THAT(container->Mount(no_type), FailsWithErrno(EINVAL));
  EXPECT_THAT(container->Mount(no_source), FailsWithErrno(EINVAL));
  no_source.source = "";
  EXPECT_THAT(container->Mount(no_source), FailsWithErrno(EINVAL));
}

struct Refused {
  std::string name;
  unsigned long flags;
};

class MountInjectionRefusedTest : public MountInjectionUmountTest,
                                  public ::testing::WithParamInterface<Refused> {};

INSTANTIATE_TEST_SUITE_P(All, MountInjectionRefusedTest,
                         ::testing::Values(Refused{"Move", MS_MOVE}, Refused{"Remount", MS_REMOUNT},
                                           Refused{"RemountBind", MS_REMOUNT | MS_BIND | MS_RDONLY},
                                           Refused{"Private", MS_PRIVATE}),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(MountInjectionRefusedTest, ChangesNoMount) {
  COVERS(spec::mount_injection::kNoMove);
  // Of a mount whose parent is private, which is the only kind that can be moved.
  ASSERT_OK(MountOnHost(source()));
  ASSERT_EQ(mount(nullptr, source().c_str(), nullptr, MS_PRIVATE, nullptr), 0);
  ASSERT_TRUE(fs::create_directory(source() / "moving"));
  ASSERT_OK(MountOnHost(source() / "moving"));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(MountInside(container, "of-the-container", "/target", "tmpfs", 0));
  const std::vector<std::string> host = Traces(container);
  const std::vector<SeenMount> inside = MountsOf(container.init());

  EXPECT_THAT(container->Mount({.source = (source() / "moving").string(),
                                .target = "/target",
                                .type = std::nullopt,
                                .flags = GetParam().flags,
                                .data = std::nullopt}),
              FailsWithErrno(EINVAL));

  EXPECT_EQ(Traces(container), host);
  EXPECT_EQ(MountsOf(container.init()), inside);
}

TEST_F(MountInjectionUmountTest, FailureChangesNothing) {
  COVERS(spec::mount_injection::kFailureChangesNothing);
  ASSERT_OK(WriteContent(rootfs() / "a-file", "kept"));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  const std::vector<std::string> host = Traces(container);
  const std::vector<SeenMount> inside = MountsOf(container.init());
  MountCall no_source = Bind("/target");
  no_source.source = (scratch() / "not-there").string();
  MountCall unknown_type = NewTmpfs("/target");
  unknown_type.type = "no-such-filesystem";
  unknown_type.source = source().string();

  EXPECT_THAT(container->Mount(no_source), Fails());
  EXPECT_THAT(container->Mount(unknown_type), Fails());
  EXPECT_THAT(container->Mount(Bind("/a-file/target")), Fails());

  EXPECT_EQ(Traces(container), host);
  EXPECT_EQ(MountsOf(container.init()), inside);
}

}  // namespace
}  // namespace lxcspec
