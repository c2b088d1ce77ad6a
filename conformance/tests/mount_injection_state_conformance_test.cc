// SPDX-License-Identifier: Apache-2.0
//
// Which containers are given mounts: by whom, in what state, and what is left of it later.

#include <sys/mount.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

#include "conformance/harness/mount_test.h"
#include "conformance/harness/other_client.h"
#include "conformance/harness/processes.h"

namespace lxcspec {
namespace {

using ::testing::AnyOf;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kStopSeconds = 10;

class MountInjectionStateTest : public MountTest {
 protected:
  std::vector<std::string> OfTheHost() const {
    std::vector<std::string> traces = TreeOf(exchange());
    for (const SeenMount& mount : MountsOf(getpid())) {
      traces.push_back(::testing::PrintToString(mount));
    }
    return traces;
  }
};

TEST_F(MountInjectionStateTest, AnyObjectMountsAndUnmounts) {
  COVERS(spec::mount_injection::kAnyObject);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK_AND_ASSIGN(auto other, Configure({"pause"}, Exchanging()));

  ASSERT_OK(other->Mount(Bind("/target")));
  EXPECT_THAT(MountsAt(container.init(), "/target"), SizeIs(1));
  ASSERT_OK(other->Umount("/target", 0));

  EXPECT_THAT(MountsAt(container.init(), "/target"), IsEmpty());
}

TEST_F(MountInjectionStateTest, FrozenContainerGetsMounts) {
  COVERS(spec::mount_injection::kWhileFrozen);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Freeze());

  EXPECT_OK(container->Mount(Bind("/target")));
  EXPECT_THAT(MountsAt(container.init(), "/target"), SizeIs(1));
  EXPECT_OK(container->Umount("/target", 0));

  EXPECT_THAT(MountsAt(container.init(), "/target"), IsEmpty());
  ASSERT_OK(container->Unfreeze());
}

TEST_F(MountInjectionStateTest, MountsGoWithTheContainer) {
  COVERS(spec::mount_injection::kEndsWithContainer);
  const std::vector<std::string> before = OfTheHost();
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(Bind("/target")));

  ASSERT_OK(container->Stop());
  ASSERT_OK(container->Wait("STOPPED", kStopSeconds));

  EXPECT_TRUE(Eventually([&] { return OfTheHost(); }, ::testing::Eq(before)));
  ASSERT_OK(container->Start({}));
  ASSERT_OK(container.AwaitNextInit());
  EXPECT_THAT(MountsAt(container.init(), "/target"), IsEmpty());
}

TEST_F(MountInjectionStateTest, ContainerThatEndsMeanwhileLeavesNothing) {
  COVERS(spec::mount_injection::kEndingContainer);
  constexpr int kRounds = 5;
  const std::vector<std::string> before = OfTheHost();
  for (int round = 0; round < kRounds; ++round) {
    ASSERT_OK_AND_ASSIGN(auto container, StartReceiving({}, "c" + std::to_string(round)));
    ASSERT_OK_AND_ASSIGN(const UniqueFd init, OpenPidfd(container.init()));
    auto client = OtherClient::Start([&] {
      while (container->Mount(Bind("/target"))) {
      }
      return true;
    });
    ASSERT_OK(client);
    ASSERT_TRUE(Eventually([&] { return MountsAt(container.init(), "/target"); },
                           ::testing::Not(IsEmpty())));

    ASSERT_OK(SendSignal(init, SIGKILL));

    EXPECT_THAT(client->Await(), SucceedsWith(true));
    ASSERT_OK(container->Wait("STOPPED", kStopSeconds));
  }
  EXPECT_TRUE(Eventually([&] { return OfTheHost(); }, ::testing::Eq(before)));
}

TEST_F(MountInjectionStateTest, ContainerThatNeverRanGetsNone) {
  COVERS(spec::mount_injection::kStopped);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}, Exchanging()));
  const std::vector<std::string> before = OfTheHost();

  EXPECT_THAT(container->Mount(Bind("/target")), Fails());
  EXPECT_THAT(container->Umount("/target", 0), Fails());

  EXPECT_EQ(OfTheHost(), before);
}

TEST_F(MountInjectionStateTest, StoppedContainerGetsNone) {
  COVERS(spec::mount_injection::kStopped);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Stop());
  ASSERT_OK(container->Wait("STOPPED", kStopSeconds));
  const std::vector<std::string> before = OfTheHost();

  EXPECT_THAT(container->Mount(Bind("/target")), Fails());
  EXPECT_THAT(container->Umount("/target", 0), Fails());

  EXPECT_EQ(OfTheHost(), before);
}

TEST_F(MountInjectionStateTest, WithoutSharedFolderItMountsOrFailsWithEinval) {
  COVERS(spec::mount_injection::kNoSharedFolder);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  const std::vector<std::string> host = OfTheHost();
  const std::vector<SeenMount> inside = MountsOf(container.init());

  const Status mounted = container->Mount(Bind("/target"));

  EXPECT_THAT(mounted, AnyOf(Succeeds(), FailsWithErrno(EINVAL)));
  EXPECT_EQ(OfTheHost(), host);
  EXPECT_THAT(MountsOf(container.init()), SizeIs(inside.size() + (mounted ? 1 : 0)));
  EXPECT_THAT(MountsAt(container.init(), "/target"), SizeIs(mounted ? 1 : 0));
}

TEST_F(MountInjectionStateTest, SharedFolderWithoutANameIsRefused) {
  COVERS(spec::mount_injection::kSharedFolderNamed);
  auto client = OtherClient::Start([&] {
    auto container = Configure({"pause"});
    if (!container || !(*container)->SetConfigItem("lxc.mount.auto", "shmounts:")) return false;
    return (*container)->Start({}).has_value();
  });
  ASSERT_OK(client);

  EXPECT_THAT(client->Await(), SucceedsWith(false));
}

TEST_F(MountInjectionStateTest, OlderKernelsContainersGetFolders) {
  COVERS(spec::mount_injection::kWithoutNewCalls);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  const std::vector<std::string> before = Traces(container);
  ASSERT_OK(RefuseMountsByDescriptor());

  ASSERT_OK(container->Mount(Bind("/target")));

  EXPECT_THAT(container.Ask({"read-from", "/target/file"}), SucceedsWith("from the host"));
  EXPECT_EQ(Traces(container), before);
  ASSERT_OK(container->Umount("/target", 0));
  EXPECT_THAT(MountsAt(container.init(), "/target"), IsEmpty());
}

TEST_F(MountInjectionStateTest, OlderKernelsContainersGetFileSystems) {
  COVERS(spec::mount_injection::kWithoutNewCalls);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  const std::vector<std::string> before = Traces(container);
  ASSERT_OK(RefuseMountsByDescriptor());

  ASSERT_OK(container->Mount({.source = std::nullopt,
                              .target = "/target",
                              .type = "tmpfs",
                              .flags = MS_NOEXEC,
                              .data = "mode=0710"}));

  const std::vector<SeenMount> mounts = MountsAt(container.init(), "/target");
  ASSERT_THAT(mounts, SizeIs(1));
  EXPECT_EQ(mounts[0].type, "tmpfs");
  EXPECT_TRUE(mounts[0].Has("noexec"));
  EXPECT_EQ(Traces(container), before);
}

TEST_F(MountInjectionStateTest, OlderKernelsReadOnlyBindCannotBeWritten) {
  COVERS(spec::mount_injection::kWithoutNewCalls);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(RefuseMountsByDescriptor());

  ASSERT_OK(container->Mount(Bind("/target", MS_RDONLY)));

  EXPECT_THAT(container.Ask({"write-to", "/target/file", "over"}), FailsWithErrno(EROFS));
}

TEST_F(MountInjectionStateTest, OlderKernelsUserNamespacesGetFolders) {
  COVERS(spec::mount_injection::kWithoutNewCalls);
  ASSERT_OK_AND_ASSIGN(const ConfigItems ids, MapIds());
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving(ids));
  ASSERT_OK(RefuseMountsByDescriptor());

  ASSERT_OK(container->Mount(Bind("/target", MS_RDONLY)));

  EXPECT_THAT(container.Ask({"read-from", "/target/file"}), SucceedsWith("from the host"));
  EXPECT_THAT(MountInside(container, "-", "/target", "-", MS_BIND | MS_REMOUNT),
              FailsWithErrno(EPERM));
}

TEST_F(MountInjectionStateTest, NullContainerFailsWithEinval) {
  COVERS(spec::mount_injection::kNullContainer);
  ASSERT_OK_AND_ASSIGN(auto container, testee().NullContainer());

  EXPECT_THAT(container->Mount(Bind("/target")), FailsWithErrno(EINVAL));
  EXPECT_THAT(container->Umount("/target", 0), FailsWithErrno(EINVAL));
}

}  // namespace
}  // namespace lxcspec
