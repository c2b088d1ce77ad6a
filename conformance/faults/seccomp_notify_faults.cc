// SPDX-License-Identifier: Apache-2.0

#include <cerrno>
#include <regex>
#include <string>

#include "conformance/faults/descriptors.h"
#include "conformance/faults/policies.h"

namespace lxcspec::faults {
namespace {

constexpr auto kFd = &abi::Container::seccomp_notify_fd;

// What a container is started with has another action than notify.
template <Text kAction>
void ActsInstead(Broken& broken) {
  MistakesInPolicy<" notify", kAction>(broken);
}

// Both ways to the listener give /dev/zero.
void GivesNoListener(Broken& broken) {
  GivesOtherFile<kFd, "/dev/zero">(broken);
  GivesOtherFile<&abi::Container::seccomp_notify_fd_active, "/dev/zero">(broken);
}

const Faults kFaults{
    {spec::seccomp_notify::kAnnounced, "denied", "the extension is not announced",
     Denies<"seccomp_notify">},
    {spec::seccomp_notify::kFd, "inherited", "the descriptor survives an exec",
     GivesInherited<kFd>},
    {spec::seccomp_notify::kFd, "other-file", "the descriptor is of /dev/zero",
     GivesOtherFile<kFd, "/dev/zero">},
    {spec::seccomp_notify::kStartNeedsNobody, "needs-proxy", "without a proxy nothing starts",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         const std::string policy = PolicyOf(Item(c, "lxc.seccomp.profile"));
         return policy.find(" notify") == std::string::npos && Original().start(c, use_init, argv);
       };
     }},
    {spec::seccomp_notify::kWaits, "fails", "the call fails with ENOSYS at once",
     ActsInstead<" errno 38">},
    {spec::seccomp_notify::kWaits, "made", "the call is made at once", ActsInstead<" errno 0">},
    {spec::seccomp_notify::kPolls, "always", "the descriptor is readable from the beginning",
     GivesNoListener},
    {spec::seccomp_notify::kContents, "of-nothing", "the descriptor is of /dev/zero",
     GivesNoListener},
    {spec::seccomp_notify::kRuleOnly, "any-argument", "arguments are not looked at",
     ReadsPolicyAs<[](std::string policy) {
       return std::regex_replace(policy, std::regex(" ?\\[[0-9][^\\]]*\\]"), "");
     }>},
    {spec::seccomp_notify::kAnswerErrno, "not-asked", "the call fails with ENOSYS at once",
     ActsInstead<" errno 38">},
    {spec::seccomp_notify::kAnswerValue, "not-asked", "the call fails with ENOSYS at once",
     ActsInstead<" errno 38">},
    {spec::seccomp_notify::kAnswerContinue, "not-asked", "the call fails with ENOSYS at once",
     ActsInstead<" errno 38">},
    {spec::seccomp_notify::kEachItsOwn, "not-asked", "the call fails with ENOSYS at once",
     ActsInstead<" errno 38">},
    {spec::seccomp_notify::kContainersApart, "first",
     "every container gives the first one's listener",
     [](Broken& broken) {
       GivesFirst<kFd>(broken);
       GivesFirst<&abi::Container::seccomp_notify_fd_active>(broken);
     }},
    {spec::seccomp_notify::kStop, "nothing", "stop does nothing and answers true",
     [](Broken& broken) { broken.members.stop = [](abi::Container*) { return true; }; }},
    {spec::seccomp_notify::kHangsUp, "of-nothing", "the descriptor is of /dev/zero",
     GivesNoListener},
    {spec::seccomp_notify::kAfterReboot, "first", "a rebooted container gives the old listener",
     [](Broken& broken) {
       Remembers<kFd>(broken);
       Remembers<&abi::Container::seccomp_notify_fd_active>(broken);
     }},
    {spec::seccomp_notify::kNullContainer, "succeeds", "NULL for the container answers 0",
     AnswersNull<kFd, 0>},
    {spec::seccomp_notify::kNoListener, "other-errno", "without a listener the errno is ENOENT",
     MisreportsDescriptor<kFd, EBADF, ENOENT>},
    {spec::seccomp_notify::kNoListener, "succeeds", "without a listener there is a descriptor",
     MisreportsDescriptor<kFd, EBADF, 0>},
    {spec::seccomp_notify::kNoListeners, "ignored", "a container starts without its policy",
     StartsWithoutBadPolicy},
};

}  // namespace
}  // namespace lxcspec::faults
