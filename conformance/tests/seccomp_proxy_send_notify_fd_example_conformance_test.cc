// SPDX-License-Identifier: Apache-2.0
//
// A proxy as one would write it, a program of its own: conformance/probes/mkdir_proxy.cc. It does
// for a container what the container's policy hands to it.

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "conformance/harness/other_client.h"
#include "conformance/harness/seccomp_test.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

constexpr char kSocket[] = "/run/lxcspec-proxy";
constexpr char kMakeFolder[] = "2\ndenylist\nmkdir notify\nrmdir notify\n";
constexpr mode_t kMode = 0751;

class SeccompProxySendNotifyFdExampleTest : public SeccompTest {
 protected:
  void TearDown() override {
    // The program is killed, and leaves this.
    unlink(kSocket);
    SeccompTest::TearDown();
  }

  // The program, when it listens.
  static Result<OtherClient> StartProxy() {
    ASSIGN_OR_RETURN(OtherClient program, OtherClient::Start([] {
                       const std::string& probe = TestEnvironment().probe;
                       execl(probe.c_str(), probe.c_str(), "mkdir-proxy", kSocket, nullptr);
                       return false;
                     }));
    if (!Eventually(CanConnect, ::testing::IsTrue())) return Fail(ETIMEDOUT, "await the proxy");
    return program;
  }

  Result<ProbedContainer> StartProxied() {
    return StartUnder(kMakeFolder, {{"lxc.seccomp.notify.proxy", std::string("unix:") + kSocket}});
  }

  static Result<std::string> MakeFolder(ProbedContainer& container, const std::string& path) {
    RETURN_IF_ERROR(container.Ask({"poke", path}));
    return container.Ask(
        {"in-child", "syscall", std::to_string(SYS_mkdir), "@," + std::to_string(kMode)});
  }

 private:
  static bool CanConnect() {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::string(kSocket).copy(address.sun_path, sizeof(address.sun_path) - 1);
    const UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    return connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
};

TEST_F(SeccompProxySendNotifyFdExampleTest, ProxyDoesWhatTheContainerAsksFor) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kAnswers, spec::seccomp_proxy_send_notify_fd::kMemory);
  ASSERT_OK_AND_ASSIGN(const OtherClient proxy, StartProxy());
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied());

  EXPECT_THAT(MakeFolder(container, "/made"), SucceedsWith("0"));
  EXPECT_THAT(MakeFolder(container, "/made"), FailsWithErrno(EEXIST));
  EXPECT_THAT(MakeFolder(container, "/made/below"), SucceedsWith("0"));
  EXPECT_THAT(MakeFolder(container, "/missing/below"), FailsWithErrno(ENOENT));

  struct stat made {};
  ASSERT_EQ(stat((rootfs() / "made/below").c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 07000, 0U);
  EXPECT_EQ(made.st_mode & 0700, 0700U);
}

TEST_F(SeccompProxySendNotifyFdExampleTest, ProxyLeadsNobodyOutOfTheContainer) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kAnswers);
  ASSERT_OK_AND_ASSIGN(const OtherClient proxy, StartProxy());
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied());
  std::filesystem::create_directory_symlink(scratch(), rootfs() / "link");

  EXPECT_THAT(MakeFolder(container, "/../../above"), SucceedsWith("0"));
  EXPECT_THAT(MakeFolder(container, "/link/beside"), FailsWithErrno(ENOENT));

  EXPECT_TRUE(std::filesystem::exists(rootfs() / "above"));
  EXPECT_FALSE(std::filesystem::exists(scratch() / "beside"));
}

TEST_F(SeccompProxySendNotifyFdExampleTest, ProxyRefusesWhatItIsNotMadeFor) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kAnswers);
  ASSERT_OK_AND_ASSIGN(const OtherClient proxy, StartProxy());
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied());
  std::filesystem::create_directory(rootfs() / "there");
  ASSERT_OK(container.Ask({"poke", "/there"}));

  EXPECT_THAT(container.Ask({"in-child", "syscall", std::to_string(SYS_rmdir), "@"}),
              FailsWithErrno(ENOSYS));

  EXPECT_TRUE(std::filesystem::exists(rootfs() / "there"));
}

}  // namespace
}  // namespace lxcspec
