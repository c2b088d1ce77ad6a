// SPDX-License-Identifier: Apache-2.0
//
// What the monitor sends and does with an answer cannot be changed from outside: these faults are
// about what it is told to do.

#include <cstring>
#include <string>

#include "conformance/faults/policies.h"

namespace lxcspec::faults {
namespace {

constexpr char kProxy[] = "lxc.seccomp.notify.proxy";
constexpr char kCookie[] = "lxc.seccomp.notify.cookie";

const Faults kFaults{
    {spec::seccomp_proxy_send_notify_fd::kAnnounced, "denied", "the extension is not announced",
     Denies<"seccomp_proxy_send_notify_fd">},
    {spec::seccomp_proxy_send_notify_fd::kKeyReadsBack, "other", "the proxy reads as another",
     ReadsBackAs<"lxc.seccomp.notify.proxy", "unix:/other">},
    {spec::seccomp_proxy_send_notify_fd::kKeyReadsBack, "kept", "a cleared proxy is kept",
     KeepsWhenCleared<"lxc.seccomp.notify.proxy">},
    {spec::seccomp_proxy_send_notify_fd::kCookieReadsBack, "other", "the cookie reads as another",
     ReadsBackAs<"lxc.seccomp.notify.cookie", "other">},
    {spec::seccomp_proxy_send_notify_fd::kCookieReadsBack, "kept", "a cleared cookie is kept",
     KeepsWhenCleared<"lxc.seccomp.notify.cookie">},
    {spec::seccomp_proxy_send_notify_fd::kLayout, "nothing", "nothing is forwarded",
     ForgetsAtStart<"lxc.seccomp.notify.proxy">},
    {spec::seccomp_proxy_send_notify_fd::kCookieSent, "forgotten", "no cookie is sent",
     ForgetsAtStart<"lxc.seccomp.notify.cookie">},
    {spec::seccomp_proxy_send_notify_fd::kCookieSent, "one-more", "the cookie has a byte more",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         const std::string cookie = Item(c, kCookie);
         if (cookie.empty()) return Original().start(c, use_init, argv);
         return StartWith(c, use_init, argv, kCookie, cookie + "0");
       };
     }},
    {spec::seccomp_proxy_send_notify_fd::kCookieSent, "unasked",
     "a cookie is sent that nobody has set",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         if (!Item(c, kCookie).empty()) return Original().start(c, use_init, argv);
         return StartWith(c, use_init, argv, kCookie, "unasked");
       };
     }},
    {spec::seccomp_proxy_send_notify_fd::kAnswers, "not-asked",
     "the call fails with ENOSYS at once", MistakesInPolicy<" notify", " errno 38">},
    {spec::seccomp_proxy_send_notify_fd::kAnswerContinue, "not-asked", "the call fails at once",
     MistakesInPolicy<" notify", " errno 38">},
    {spec::seccomp_proxy_send_notify_fd::kEveryCall, "not-asked",
     "the call fails with ENOSYS at once", MistakesInPolicy<" notify", " errno 38">},
    {spec::seccomp_proxy_send_notify_fd::kAbstractAddress, "as-a-path",
     "the name is taken for a path",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         const std::string proxy = Item(c, kProxy);
         if (!proxy.starts_with("unix:@")) return Original().start(c, use_init, argv);
         return StartWith(c, use_init, argv, kProxy, "unix:/" + proxy.substr(strlen("unix:@")));
       };
     }},
    {spec::seccomp_proxy_send_notify_fd::kAbstractAddress, "longer", "the name has a byte more",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         const std::string proxy = Item(c, kProxy);
         if (!proxy.starts_with("unix:@")) return Original().start(c, use_init, argv);
         return StartWith(c, use_init, argv, kProxy, proxy + "0");
       };
     }},
    {spec::seccomp_proxy_send_notify_fd::kRestartedProxy, "not-asked", "the call fails at once",
     MistakesInPolicy<" notify", " errno 38">},
    {spec::seccomp_proxy_send_notify_fd::kAbsentLater, "other-errno", "the call fails with EPERM",
     MistakesInPolicy<" notify", " errno 1">},
    {spec::seccomp_proxy_send_notify_fd::kKeyRefused, "anything", "everything is taken",
     AcceptsAnything<"lxc.seccomp.notify.proxy">},
    {spec::seccomp_proxy_send_notify_fd::kKeyRefused, "cleared", "a refused value clears the key",
     ClearsWhenRefusing<"lxc.seccomp.notify.proxy">},
};

}  // namespace
}  // namespace lxcspec::faults
