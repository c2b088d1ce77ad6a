// SPDX-License-Identifier: Apache-2.0
//
// What a call mounts, and that nothing else changes.

#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <vector>

#include "conformance/harness/mount_test.h"
#include "conformance/harness/other_client.h"
#include "conformance/harness/processes.h"

namespace lxcspec {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class MountInjectionTest : public MountTest {};

TEST_F(MountInjectionTest, IsAnnounced) {
  COVERS(spec::mount_injection::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("mount_injection"));
}

TEST_F(MountInjectionTest, FolderOfTheHostAppears) {
  COVERS(spec::mount_injection::kBindsFolder);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount(Bind("/target")));

  EXPECT_THAT(container.Ask({"read-from", "/target/file"}), SucceedsWith("from the host"));
  ASSERT_OK_AND_ASSIGN(const FileIdentity folder, IdentityOf(source()));
  EXPECT_THAT(IdentityOf(Inside(container, "/target")), SucceedsWith(folder));
}

TEST_F(MountInjectionTest, BothSidesWriteToTheSameFolder) {
  COVERS(spec::mount_injection::kBindsFolder);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(Bind("/target")));

  ASSERT_OK(WriteContent(source() / "later", "seen"));
  ASSERT_OK(container.Ask({"write-to", "/target/file", "from"}));

  EXPECT_THAT(container.Ask({"read-from", "/target/later"}), SucceedsWith("seen"));
  EXPECT_THAT(ContentOf(source() / "file"), SucceedsWith("from the host"));
}

TEST_F(MountInjectionTest, FileSystemHasTypeAndOptions) {
  COVERS(spec::mount_injection::kMountsFilesystem);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount({.source = std::nullopt,
                              .target = "/target",
                              .type = "tmpfs",
                              .flags = 0,
                              .data = "mode=0710,size=65536"}));

  const std::vector<SeenMount> mounts = MountsAt(container.init(), "/target");
  ASSERT_THAT(mounts, SizeIs(1));
  EXPECT_EQ(mounts[0].type, "tmpfs");
  struct stat status {};
  ASSERT_EQ(stat(Inside(container, "/target").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0710U);
}

class MountInjectionTypeTest : public MountTest,
                               public ::testing::WithParamInterface<std::string> {};

INSTANTIATE_TEST_SUITE_P(All, MountInjectionTypeTest,
                         ::testing::Values("tmpfs", "ramfs", "proc", "devpts", "mqueue"),
                         [](const auto& tested) { return tested.param; });

TEST_P(MountInjectionTypeTest, FileSystemOfThatTypeIsThere) {
  COVERS(spec::mount_injection::kMountsFilesystem);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount({.source = std::nullopt,
                              .target = "/target",
                              .type = GetParam(),
                              .flags = 0,
                              .data = std::nullopt}));

  const std::vector<SeenMount> mounts = MountsAt(container.init(), "/target");
  ASSERT_THAT(mounts, SizeIs(1));
  EXPECT_EQ(mounts[0].type, GetParam());
}

TEST_F(MountInjectionTest, EmptySourceIsEnoughForAFileSystem) {
  COVERS(spec::mount_injection::kMountsFilesystem);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount(
      {.source = "", .target = "/target", .type = "tmpfs", .flags = 0, .data = std::nullopt}));

  EXPECT_THAT(MountsAt(container.init(), "/target"), SizeIs(1));
}

TEST_F(MountInjectionTest, SourceOfAFileSystemIsAName) {
  COVERS(spec::mount_injection::kSourceIsAName);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount({.source = "some-name",
                              .target = "/target",
                              .type = "tmpfs",
                              .flags = 0,
                              .data = std::nullopt}));

  const std::vector<SeenMount> mounts = MountsAt(container.init(), "/target");
  ASSERT_THAT(mounts, SizeIs(1));
  EXPECT_EQ(mounts[0].source, "some-name");
}

TEST_F(MountInjectionTest, RecursiveBindBringsWhatIsBelow) {
  COVERS(spec::mount_injection::kRecursive);
  ASSERT_TRUE(std::filesystem::create_directories(source() / "below"));
  ASSERT_OK(MountOnHost(source() / "below"));
  ASSERT_OK(WriteContent(source() / "below" / "deep", "down here"));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount(Bind("/target", MS_REC)));

  EXPECT_THAT(MountsBelow(container.init(), "/target"), SizeIs(2));
  EXPECT_THAT(container.Ask({"read-from", "/target/below/deep"}), SucceedsWith("down here"));
}

TEST_F(MountInjectionTest, OtherBindDoesNot) {
  COVERS(spec::mount_injection::kRecursive);
  ASSERT_TRUE(std::filesystem::create_directories(source() / "below"));
  ASSERT_OK(MountOnHost(source() / "below"));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount(Bind("/target")));

  EXPECT_THAT(MountsBelow(container.init(), "/target"), SizeIs(1));
}

TEST_F(MountInjectionTest, SuccessIsZero) {
  COVERS(spec::mount_injection::kReturnsZero);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  EXPECT_OK(container->Mount(Bind("/target")));
  EXPECT_OK(container->Umount("/target", 0));
}

TEST_F(MountInjectionTest, BindLeavesNoTrace) {
  COVERS(spec::mount_injection::kNoTrace);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  const std::vector<std::string> before = Traces(container);
  const size_t mounts_before = MountsOf(container.init()).size();

  ASSERT_OK(container->Mount(Bind("/target")));

  EXPECT_EQ(Traces(container), before);
  EXPECT_THAT(MountsOf(container.init()), SizeIs(mounts_before + 1));
}

TEST_F(MountInjectionTest, FileSystemLeavesNoTrace) {
  COVERS(spec::mount_injection::kNoTrace);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  const std::vector<std::string> before = Traces(container);
  const size_t mounts_before = MountsOf(container.init()).size();

  ASSERT_OK(container->Mount({.source = std::nullopt,
                              .target = "/target",
                              .type = "tmpfs",
                              .flags = 0,
                              .data = std::nullopt}));

  EXPECT_EQ(Traces(container), before);
  EXPECT_THAT(MountsOf(container.init()), SizeIs(mounts_before + 1));
}

TEST_F(MountInjectionTest, CallLeavesNothingOpenAndNoChild) {
  COVERS(spec::mount_injection::kLeavesNothingOpen);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  const size_t open_before = OpenDescriptorCount();
  const std::vector<pid_t> children_before = ChildrenOf(getpid());

  ASSERT_OK(container->Mount(Bind("/target")));
  ASSERT_THAT(container->Mount(Bind("")), Fails());
  ASSERT_OK(container->Umount("/target", 0));

  EXPECT_EQ(OpenDescriptorCount(), open_before);
  EXPECT_EQ(ChildrenOf(getpid()), children_before);
}

TEST_F(MountInjectionTest, WhatTheContainerMountsBelowStaysInside) {
  COVERS(spec::mount_injection::kContainerMountsStay);
  ASSERT_TRUE(std::filesystem::create_directories(source() / "below"));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(Bind("/target")));

  ASSERT_OK(MountInside(container, "of-the-container", "/target/below", "tmpfs", 0));

  EXPECT_THAT(MountsBelow(container.init(), "/target"), SizeIs(2));
  EXPECT_THAT(MountsBelow(getpid(), source()), IsEmpty());
}

TEST_F(MountInjectionTest, WhatTheContainerUnmountsBelowStaysOnTheHost) {
  COVERS(spec::mount_injection::kContainerMountsStay);
  ASSERT_TRUE(std::filesystem::create_directories(source() / "below"));
  ASSERT_OK(MountOnHost(source() / "below"));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(Bind("/target", MS_REC | MS_SHARED)));

  ASSERT_OK(container.Ask({"umount", "/target/below", "-"}));

  EXPECT_THAT(MountsBelow(container.init(), "/target"), SizeIs(1));
  EXPECT_THAT(MountsBelow(getpid(), source()), SizeIs(1));
}

TEST_F(MountInjectionTest, ManyCallsAtOnceDoWhatEachWould) {
  COVERS(spec::mount_injection::kMany);
  constexpr int kClients = 4;
  constexpr int kCalls = 8;
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  const std::vector<std::string> before = Traces(container);

  std::vector<OtherClient> clients;
  for (int client = 0; client < kClients; ++client) {
    auto started = OtherClient::Start([&container, client, this] {
      for (int call = 0; call < kCalls; ++call) {
        const std::string target = "/target" + std::to_string(client) + "-" + std::to_string(call);
        if (!container->Mount(Bind(target))) return false;
        if (call % 2 == 1 && !container->Umount(target, 0)) return false;
      }
      return true;
    });
    ASSERT_OK(started);
    clients.push_back(*std::move(started));
  }

  for (OtherClient& client : clients) EXPECT_THAT(client.Await(), SucceedsWith(true));
  EXPECT_EQ(Traces(container), before);
  for (int client = 0; client < kClients; ++client) {
    const std::string target = "/target" + std::to_string(client) + "-";
    EXPECT_THAT(MountsAt(container.init(), target + "0"), SizeIs(1));
    EXPECT_THAT(MountsAt(container.init(), target + "1"), IsEmpty());
  }
}

}  // namespace
}  // namespace lxcspec
