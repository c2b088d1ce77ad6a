// SPDX-License-Identifier: Apache-2.0
//
// Files and device nodes.

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "conformance/harness/mount_test.h"
#include "conformance/harness/processes.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace fs = std::filesystem;

constexpr int kStopSeconds = 10;

class MountInjectionFileTest : public MountTest {
 protected:
  fs::path file() const { return source() / "file"; }

  MountCall BindFile(const fs::path& source, const std::string& target,
                     unsigned long more_flags = 0) const {
    MountCall call = Bind(target, more_flags);
    call.source = source.string();
    return call;
  }

  // A file of that kind on the host.
  Result<fs::path> MakeSpecial(const std::string& kind) const {
    fs::path path = source() / kind;
    if (kind == "device") {
      if (mknod(path.c_str(), S_IFCHR | 0666, makedev(1, 5)) != 0) return FailErrno("mknod");
    } else if (kind == "fifo") {
      if (mkfifo(path.c_str(), 0666) != 0) return FailErrno("mkfifo");
    } else if (kind == "socket") {
      const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
      sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
      if (path.native().size() >= sizeof(address.sun_path)) return Fail(ENAMETOOLONG, "socket");
      std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
      if (bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
        return FailErrno("bind");
      }
    } else if (kind == "regular") {
      return file();
    }
    return path;
  }
};

TEST_F(MountInjectionFileTest, IsAnnounced) {
  COVERS(spec::mount_injection_file::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("mount_injection_file"));
}

TEST_F(MountInjectionFileTest, FileOfTheHostAppears) {
  COVERS(spec::mount_injection_file::kBindsFile);
  ASSERT_OK(WriteContent(rootfs() / "target", "of the container"));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount(BindFile(file(), "/target")));

  EXPECT_THAT(container.Ask({"read-from", "/target"}), SucceedsWith("from the host"));
  ASSERT_OK(WriteContent(file(), "changed"));
  EXPECT_THAT(container.Ask({"read-from", "/target"}), SucceedsWith("changed"));
}

class MountInjectionFileKindTest : public MountInjectionFileTest,
                                   public ::testing::WithParamInterface<std::string> {};

INSTANTIATE_TEST_SUITE_P(All, MountInjectionFileKindTest,
                         ::testing::Values("device", "fifo", "socket"),
                         [](const auto& tested) { return tested.param; });

TEST_P(MountInjectionFileKindTest, AppearsAsWhatItIs) {
  COVERS(spec::mount_injection_file::kBindsSpecial);
  ASSERT_OK_AND_ASSIGN(const fs::path special, MakeSpecial(GetParam()));
  ASSERT_OK_AND_ASSIGN(const FileIdentity identity, IdentityOf(special));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount(BindFile(special, "/target")));

  EXPECT_THAT(IdentityOf(Inside(container, "/target")), SucceedsWith(identity));
}

TEST_F(MountInjectionFileTest, DeviceCanBeOpened) {
  COVERS(spec::mount_injection_file::kDeviceWorks);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount(BindFile("/dev/zero", "/target")));

  EXPECT_OK(container.Ask({"open", "/target", "rw"}));
}

TEST_F(MountInjectionFileTest, MissingTargetIsMadeWithItsParents) {
  COVERS(spec::mount_injection_file::kMakesTarget);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount(BindFile(file(), "/not/there/yet")));

  EXPECT_THAT(container.Ask({"read-from", "/not/there/yet"}), SucceedsWith("from the host"));
}

class MountInjectionFileOverFileTest : public MountInjectionFileTest,
                                       public ::testing::WithParamInterface<std::string> {};

INSTANTIATE_TEST_SUITE_P(All, MountInjectionFileOverFileTest,
                         ::testing::Values("regular", "device", "fifo", "socket"),
                         [](const auto& tested) { return tested.param; });

TEST_P(MountInjectionFileOverFileTest, FileIsKeptWithItsContent) {
  COVERS(spec::mount_injection_file::kKeepsTarget);
  ASSERT_OK_AND_ASSIGN(const fs::path special, MakeSpecial(GetParam()));
  ASSERT_OK(WriteContent(rootfs() / "target", "kept"));
  ASSERT_OK_AND_ASSIGN(const FileIdentity before, IdentityOf(rootfs() / "target"));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount(BindFile(special, "/target")));
  ASSERT_OK(container->Umount("/target", 0));

  EXPECT_THAT(IdentityOf(rootfs() / "target"), SucceedsWith(before));
  EXPECT_THAT(ContentOf(rootfs() / "target"), SucceedsWith("kept"));
}

TEST_F(MountInjectionFileTest, LinkIsFollowedAndKept) {
  COVERS(spec::mount_injection_file::kFollowsLink);
  ASSERT_OK(WriteContent(rootfs() / "target", "covered"));
  fs::create_symlink("/target", rootfs() / "link");
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount(BindFile(file(), "/link")));

  EXPECT_THAT(MountsAt(container.init(), "/target"), SizeIs(1));
  EXPECT_TRUE(fs::is_symlink(rootfs() / "link"));
}

TEST_F(MountInjectionFileTest, LinkOfTheHostIsFollowed) {
  COVERS(spec::mount_injection_file::kFollowsSourceLink);
  fs::create_symlink(file(), source() / "link");
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  ASSERT_OK(container->Mount(BindFile(source() / "link", "/target")));

  EXPECT_THAT(container.Ask({"read-from", "/target"}), SucceedsWith("from the host"));
}

TEST_F(MountInjectionFileTest, ReadOnlyFileCannotBeWritten) {
  COVERS(spec::mount_injection_file::kReadOnly);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(BindFile(file(), "/target", MS_RDONLY)));

  EXPECT_THAT(container.Ask({"write-to", "/target", "over"}), FailsWithErrno(EROFS));

  EXPECT_OK(WriteContent(file(), "changed"));
}

TEST_F(MountInjectionFileTest, UmountLeavesTheFileOnTheHost) {
  COVERS(spec::mount_injection_file::kUmount);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Mount(BindFile(file(), "/target")));

  ASSERT_OK(container->Umount("/target", 0));

  EXPECT_THAT(MountsAt(container.init(), "/target"), IsEmpty());
  EXPECT_THAT(ContentOf(file()), SucceedsWith("from the host"));
}

TEST_F(MountInjectionFileTest, EmptyFolderIsNoTarget) {
  COVERS(spec::mount_injection_file::kFileOverFolder);
  ASSERT_TRUE(fs::create_directory(rootfs() / "target"));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  EXPECT_THAT(container->Mount(BindFile(file(), "/target")), FailsWithErrno(ENOTDIR));

  EXPECT_TRUE(fs::is_directory(rootfs() / "target"));
}

TEST_F(MountInjectionFileTest, FullFolderIsNoTarget) {
  COVERS(spec::mount_injection_file::kFileOverFolder);
  ASSERT_TRUE(fs::create_directory(rootfs() / "target"));
  ASSERT_OK(WriteContent(rootfs() / "target" / "precious", "kept"));
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());

  EXPECT_THAT(container->Mount(BindFile(file(), "/target")), FailsWithErrno(ENOTDIR));

  EXPECT_THAT(ContentOf(rootfs() / "target" / "precious"), SucceedsWith("kept"));
}

TEST_F(MountInjectionFileTest, FileLeavesNoTrace) {
  COVERS(spec::mount_injection_file::kNoTrace);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  const std::vector<std::string> before = Traces(container);
  const size_t mounts_before = MountsOf(container.init()).size();

  ASSERT_OK(container->Mount(BindFile(file(), "/target")));

  EXPECT_EQ(Traces(container), before);
  EXPECT_THAT(MountsOf(container.init()), SizeIs(mounts_before + 1));
}

TEST_F(MountInjectionFileTest, UserNamespaceGetsFiles) {
  COVERS(spec::mount_injection_file::kUserNamespace);
  ASSERT_OK_AND_ASSIGN(const ConfigItems ids, MapIds());
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving(ids));

  ASSERT_OK(container->Mount(BindFile(file(), "/target/file")));
  ASSERT_OK(container->Mount(BindFile("/dev/zero", "/target/device")));

  EXPECT_THAT(container.Ask({"read-from", "/target/file"}), SucceedsWith("from the host"));
  EXPECT_OK(container.Ask({"open", "/target/device", "rw"}));
  EXPECT_OK(container->Umount("/target/file", 0));
  EXPECT_OK(container->Umount("/target/device", 0));
}

TEST_F(MountInjectionFileTest, StoppedContainerGetsNone) {
  COVERS(spec::mount_injection_file::kStopped);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  ASSERT_OK(container->Stop());
  ASSERT_OK(container->Wait("STOPPED", kStopSeconds));

  EXPECT_THAT(container->Mount(BindFile(file(), "/target")), Fails());

  EXPECT_THAT(TreeOf(exchange()), IsEmpty());
  EXPECT_FALSE(fs::exists(rootfs() / "target"));
}

TEST_F(MountInjectionFileTest, OlderKernelsContainersGetFiles) {
  COVERS(spec::mount_injection_file::kWithoutNewCalls);
  ASSERT_OK_AND_ASSIGN(auto container, StartReceiving());
  const std::vector<std::string> before = Traces(container);
  ASSERT_OK(RefuseMountsByDescriptor());

  ASSERT_OK(container->Mount(BindFile(file(), "/target")));

  EXPECT_THAT(container.Ask({"read-from", "/target"}), SucceedsWith("from the host"));
  EXPECT_EQ(Traces(container), before);
}

}  // namespace
}  // namespace lxcspec
