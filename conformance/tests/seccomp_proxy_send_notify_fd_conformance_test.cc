// SPDX-License-Identifier: Apache-2.0
//
// What a proxy is sent, and what its answers do.

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "conformance/harness/notify_proxy.h"
#include "conformance/harness/other_client.h"
#include "conformance/harness/processes.h"
#include "conformance/harness/seccomp_notify.h"
#include "conformance/harness/seccomp_test.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

using ::testing::Contains;
using ::testing::SizeIs;

constexpr char kSocket[] = "/run/lxcspec-proxy";
constexpr char kProxy[] = "lxc.seccomp.notify.proxy";
constexpr char kCookie[] = "lxc.seccomp.notify.cookie";

class SeccompProxySendNotifyFdTest : public SeccompTest {
 protected:
  Result<ProbedContainer> StartProxied(const NotifyProxy& proxy, ConfigItems config = {}) {
    config.emplace_back(kProxy, proxy.Key());
    return StartNotifying(config);
  }

  static std::string TargetOf(const UniqueFd& fd) {
    std::error_code gone;
    return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd.get()), gone);
  }
};

TEST_F(SeccompProxySendNotifyFdTest, IsAnnounced) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("seccomp_proxy_send_notify_fd"));
}

TEST_F(SeccompProxySendNotifyFdTest, MessageHasTheLayoutThatProxiesExpect) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kLayout);
  ASSERT_OK_AND_ASSIGN(const seccomp_notif_sizes sizes, NotificationSizes());
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  ASSERT_OK(StartCall(container, kSubject, {1, 2, 3, 4, 5, ~0ULL}));

  ASSERT_OK_AND_ASSIGN(const ProxyRequest request, proxy.Receive());

  EXPECT_EQ(request.bytes.size(),
            sizeof(ProxyHeader) + sizes.seccomp_notif + sizes.seccomp_notif_resp);
  const ProxyHeader header = request.Header();
  EXPECT_EQ(header.reserved, 0U);
  EXPECT_EQ(StatusFieldOf(header.init_pid, "PPid"), std::to_string(header.monitor_pid));
  EXPECT_EQ(header.init_pid, container.init());
  EXPECT_EQ(header.sizes.seccomp_notif, sizes.seccomp_notif);
  EXPECT_EQ(header.sizes.seccomp_notif_resp, sizes.seccomp_notif_resp);
  EXPECT_EQ(header.sizes.seccomp_data, sizes.seccomp_data);
  const Notification call = request.Call();
  EXPECT_EQ(call.number, kSubject);
  EXPECT_EQ(call.arguments[5], ~0ULL);
  EXPECT_THAT(ChildrenOf(container.init()), Contains(call.pid));
  const seccomp_notif_resp blank = request.Blank();
  EXPECT_EQ(blank.id, call.id);
  EXPECT_EQ(blank.val, 0);
  EXPECT_EQ(blank.error, 0);
  EXPECT_EQ(blank.flags, 0U);
  proxy.Die();
}

TEST_F(SeccompProxySendNotifyFdTest, CookieStandsAtTheEnd) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kCookieSent);
  const std::string cookie = "container 5: \"pepper\"";
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy, {{kCookie, cookie}}));
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));

  ASSERT_OK_AND_ASSIGN(const ProxyRequest request, proxy.Receive());

  EXPECT_EQ(request.Header().cookie_length, cookie.size());
  EXPECT_EQ(request.Cookie(), cookie);
  ASSERT_OK(proxy.Send(request.AnswerErrno(EDOM)));
  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(EDOM));
}

TEST_F(SeccompProxySendNotifyFdTest, WithoutACookieNothingStandsThere) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kCookieSent);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  ASSERT_OK(StartCall(container, kSubject));

  ASSERT_OK_AND_ASSIGN(const ProxyRequest request, proxy.Receive());

  EXPECT_EQ(request.Header().cookie_length, 0U);
  EXPECT_EQ(request.Cookie(), "");
  proxy.Die();
}

TEST_F(SeccompProxySendNotifyFdTest, ThreeDescriptorsComeWithTheMessage) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kThreeDescriptors);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  ASSERT_OK(StartCall(container, kSubject));

  ASSERT_OK_AND_ASSIGN(const ProxyRequest request, proxy.Receive());

  ASSERT_THAT(request.descriptors, SizeIs(3));
  const std::string folder = "/proc/" + std::to_string(request.Call().pid);
  struct stat status {};
  ASSERT_EQ(fstat(request.descriptors[0].get(), &status), 0);
  EXPECT_TRUE(S_ISDIR(status.st_mode));
  struct statfs filesystem {};
  ASSERT_EQ(fstatfs(request.descriptors[0].get(), &filesystem), 0);
  EXPECT_EQ(filesystem.f_type, PROC_SUPER_MAGIC);
  EXPECT_EQ(TargetOf(request.descriptors[0]), folder);
  EXPECT_EQ(TargetOf(request.descriptors[1]), folder + "/mem");
  EXPECT_EQ(fcntl(request.descriptors[1].get(), F_GETFL) & O_ACCMODE, O_RDWR);
  EXPECT_OK(CheckId(request.descriptors[2], request.Call().id));
  proxy.Die();
}

TEST_F(SeccompProxySendNotifyFdTest, CallersMemoryCanBeRead) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kMemory);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  ASSERT_OK(container.Ask({"poke", "a secret"}));
  ASSERT_OK(container.Ask({"start", "syscall", std::to_string(kSubject), "@"}));

  ASSERT_OK_AND_ASSIGN(const ProxyRequest request, proxy.Receive());

  ASSERT_THAT(request.descriptors, SizeIs(3));
  char text[9] = {};
  EXPECT_EQ(pread(request.descriptors[1].get(), text, sizeof(text),
                  static_cast<off_t>(request.Call().arguments[0])),
            static_cast<ssize_t>(sizeof(text)));
  EXPECT_STREQ(text, "a secret");
  proxy.Die();
}

// The attacker ends, so that its number becomes that of a process which knows something.
TEST_F(SeccompProxySendNotifyFdTest, NothingCanBeReadOfWhoeverHasGotTheCallersNumber) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kNumberTaken);
  static constexpr char kSecret[] = "of another process";
  const auto address = reinterpret_cast<uintptr_t>(kSecret);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject, {address}));
  ASSERT_OK_AND_ASSIGN(const ProxyRequest request, proxy.Receive());
  ASSERT_THAT(request.descriptors, SizeIs(3));
  ASSERT_OK_AND_ASSIGN(const UniqueFd pidfd, OpenPidfd(request.Call().pid));
  ASSERT_OK(SendSignal(pidfd, SIGKILL));
  ASSERT_THAT(ResultOf(container, caller), SucceedsWith("killed by signal 9"));

  ASSERT_OK_AND_ASSIGN(const OtherClient other, OtherClient::StartAs(request.Call().pid, [] {
                         while (true) pause();
                         return true;
                       }));

  ASSERT_THAT(TextAt(request.Call().pid, address), SucceedsWith(kSecret)) << "nothing to protect";
  char text[sizeof(kSecret)] = {};
  EXPECT_LE(pread(request.descriptors[1].get(), text, sizeof(text), static_cast<off_t>(address)),
            0);
  EXPECT_LT(faccessat(request.descriptors[0].get(), "status", F_OK, 0), 0);
  proxy.Die();
}

TEST_F(SeccompProxySendNotifyFdTest, ProxyCanAnswerThroughTheListener) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kListener);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));
  ASSERT_OK_AND_ASSIGN(const ProxyRequest request, proxy.Receive());
  ASSERT_THAT(request.descriptors, SizeIs(3));

  ASSERT_OK(AnswerErrno(request.descriptors[2], request.Call().id, ERANGE));
  ASSERT_OK(proxy.Send(request.AnswerErrno(EDOM)));

  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(ERANGE));
}

TEST_F(SeccompProxySendNotifyFdTest, CallHasTheErrnoOfTheAnswer) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kAnswers);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));
  ASSERT_OK_AND_ASSIGN(const ProxyRequest request, proxy.Receive());

  ASSERT_OK(proxy.Send(request.AnswerErrno(EDOM)));

  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(EDOM));
}

TEST_F(SeccompProxySendNotifyFdTest, CallHasTheValueOfTheAnswer) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kAnswers);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));
  ASSERT_OK_AND_ASSIGN(const ProxyRequest request, proxy.Receive());

  ASSERT_OK(proxy.Send(request.AnswerValue(4711)));

  EXPECT_THAT(ResultOf(container, caller), SucceedsWith("4711"));
}

TEST_F(SeccompProxySendNotifyFdTest, CallThatContinuesIsMade) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kAnswerContinue);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));
  ASSERT_OK_AND_ASSIGN(const ProxyRequest request, proxy.Receive());

  ASSERT_OK(proxy.Send(request.AnswerContinue()));

  // The caller's parent is the init.
  EXPECT_THAT(ResultOf(container, caller), SucceedsWith("1"));
}

TEST_F(SeccompProxySendNotifyFdTest, EachOfManyCallsHasItsOwnAnswer) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kEveryCall);
  constexpr uint64_t kCallers = 12;
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  std::vector<std::string> callers;
  for (uint64_t i = 0; i < kCallers; ++i) {
    ASSERT_OK_AND_ASSIGN(callers.emplace_back(), StartCall(container, kSubject, {i}));
  }

  for (uint64_t i = 0; i < kCallers; ++i) {
    ASSERT_OK_AND_ASSIGN(const ProxyRequest request, proxy.Receive());
    const auto value = static_cast<int64_t>(1000 + request.Call().arguments[0]);
    ASSERT_OK(proxy.Send(request.AnswerValue(value)));
  }

  for (uint64_t i = 0; i < kCallers; ++i) {
    EXPECT_THAT(ResultOf(container, callers[i]), SucceedsWith(std::to_string(1000 + i)));
  }
}

TEST_F(SeccompProxySendNotifyFdTest, AbstractAddressIsTheNameAndNoOther) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kAbstractAddress);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen("@lxcspec-proxy"));
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifyingIfItLives({{kProxy, proxy.Key()}}));
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));

  ASSERT_OK_AND_ASSIGN(const ProxyRequest request, proxy.Receive());

  ASSERT_OK(proxy.Send(request.AnswerErrno(EDOM)));
  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(EDOM));
}

TEST_F(SeccompProxySendNotifyFdTest, AttachedProgramsCallsAreForwarded) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kAttached);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  ASSERT_OK_AND_ASSIGN(OtherClient client, OtherClient::Start([&] {
                         const auto succeeds = SucceedsAttached(*container, SystemCall(kSubject));
                         return succeeds && *succeeds;
                       }));

  ASSERT_OK_AND_ASSIGN(const ProxyRequest request, proxy.Receive());

  ASSERT_THAT(request.descriptors, SizeIs(3));
  EXPECT_OK(CheckId(request.descriptors[2], request.Call().id));
  ASSERT_OK(proxy.Send(request.AnswerValue(0)));
  EXPECT_THAT(client.Await(), SucceedsWith(true));
}

TEST_F(SeccompProxySendNotifyFdTest, ManyNotificationsLeaveNothingOpen) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kHoldsNothing);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  const std::string monitor = StatusFieldOf(container.init(), "PPid");
  const auto open_descriptors = [&] {
    const std::filesystem::directory_iterator all("/proc/" + monitor + "/fd");
    return std::distance(begin(all), end(all));
  };
  const auto notify_once = [&]() -> Status {
    ASSIGN_OR_RETURN(const std::string caller, StartCall(container, kSubject));
    ASSIGN_OR_RETURN(const ProxyRequest request, proxy.Receive());
    RETURN_IF_ERROR(proxy.Send(request.AnswerValue(0)));
    RETURN_IF_ERROR(ResultOf(container, caller));
    return {};
  };
  ASSERT_OK(notify_once());
  const auto before = open_descriptors();

  for (int i = 0; i < 20; ++i) ASSERT_OK(notify_once());

  EXPECT_TRUE(Eventually(open_descriptors, ::testing::Le(before)));
}

// The keys.

TEST_F(SeccompProxySendNotifyFdTest, ProxyReadsAsItWasSet) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kKeyReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));
  EXPECT_THAT(container->GetConfigItem(kProxy), SucceedsWith(""));

  for (const std::string value : {"unix:/run/proxy", "unix:@proxy"}) {
    ASSERT_OK(container->SetConfigItem(kProxy, value));
    EXPECT_THAT(container->GetConfigItem(kProxy), SucceedsWith(value));
  }

  ASSERT_OK(container->ClearConfigItem(kProxy));
  EXPECT_THAT(container->GetConfigItem(kProxy), SucceedsWith(""));
}

TEST_F(SeccompProxySendNotifyFdTest, CookieReadsAsItWasSet) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kCookieReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));
  EXPECT_THAT(container->GetConfigItem(kCookie), SucceedsWith(""));

  ASSERT_OK(container->SetConfigItem(kCookie, "any text: 1 = 2"));

  EXPECT_THAT(container->GetConfigItem(kCookie), SucceedsWith("any text: 1 = 2"));
  ASSERT_OK(container->ClearConfigItem(kCookie));
  EXPECT_THAT(container->GetConfigItem(kCookie), SucceedsWith(""));
}

struct Refused {
  std::string name;
  std::string value;
};

class SeccompProxySendNotifyFdRefusedTest : public SeccompProxySendNotifyFdTest,
                                            public ::testing::WithParamInterface<Refused> {};

TEST_P(SeccompProxySendNotifyFdRefusedTest, KeyKeepsItsValue) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kKeyRefused);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  ASSERT_OK(container->SetConfigItem(kProxy, "unix:/run/proxy"));
  ASSERT_OK_AND_ASSIGN(const std::string before, container->GetConfigItem(kProxy));

  EXPECT_THAT(container->SetConfigItem(kProxy, GetParam().value), Fails());

  EXPECT_THAT(container->GetConfigItem(kProxy), SucceedsWith(before));
}

INSTANTIATE_TEST_SUITE_P(
    All, SeccompProxySendNotifyFdRefusedTest,
    ::testing::Values(Refused{"NoScheme", "/run/other"}, Refused{"OtherScheme", "tcp:/run/other"},
                      Refused{"RelativePath", "unix:run/other"}, Refused{"Nothing", "unix:"},
                      Refused{"PathTooLong", "unix:/" + std::string(108, 'p')},
                      Refused{"NameTooLong", "unix:@" + std::string(108, 'n')}),
    [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace lxcspec
