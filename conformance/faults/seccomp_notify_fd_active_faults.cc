// SPDX-License-Identifier: Apache-2.0

#include <cerrno>

#include "conformance/faults/descriptors.h"

namespace lxcspec::faults {
namespace {

constexpr auto kActive = &abi::Container::seccomp_notify_fd_active;

const Faults kFaults{
    {spec::seccomp_notify_fd_active::kAnnounced, "denied", "the extension is not announced",
     Denies<"seccomp_notify_fd_active">},
    {spec::seccomp_notify_fd_active::kListener, "other-file", "the descriptor is of /dev/zero",
     GivesOtherFile<kActive, "/dev/zero">},
    {spec::seccomp_notify_fd_active::kCloseOnExec, "inherited", "the descriptor survives an exec",
     GivesInherited<kActive>},
    {spec::seccomp_notify_fd_active::kCallerOwns, "shared",
     "every call returns the same descriptor", GivesShared<kActive>},
    {spec::seccomp_notify_fd_active::kLeavesNothingOpen, "one-more", "a success opens a second one",
     LeavesOneOpen<kActive, false>},
    {spec::seccomp_notify_fd_active::kLeavesNothingOpen, "one-on-failure", "a failure opens one",
     LeavesOneOpen<kActive, true>},
    {spec::seccomp_notify_fd_active::kAnyObject, "starter-only",
     "only the starter's object answers", AnswersStarterOnly<kActive>},
    {spec::seccomp_notify_fd_active::kReceivedOnce, "of-nothing", "the descriptor is of /dev/zero",
     GivesOtherFile<kActive, "/dev/zero">},
    {spec::seccomp_notify_fd_active::kWhileCallsWait, "of-nothing",
     "the descriptor is of /dev/zero", GivesOtherFile<kActive, "/dev/zero">},
    {spec::seccomp_notify_fd_active::kWhileFrozen, "refused", "a frozen container gives none",
     RefusesFrozen<kActive>},
    {spec::seccomp_notify_fd_active::kUserNamespace, "refused",
     "a container with id maps gives none",
     [](Broken& broken) {
       broken.members.seccomp_notify_fd_active = [](abi::Container* c) {
         return Item(c, "lxc.idmap").empty() ? Original().seccomp_notify_fd_active(c) : -EPERM;
       };
     }},
    {spec::seccomp_notify_fd_active::kAfterRestart, "first",
     "a restarted container gives the old one", Remembers<kActive>},
    {spec::seccomp_notify_fd_active::kTwoContainers, "first",
     "every container gives the first one's", GivesFirst<kActive>},
    {spec::seccomp_notify_fd_active::kNullContainer, "succeeds", "NULL for the container answers 0",
     AnswersNull<kActive, 0>},
    {spec::seccomp_notify_fd_active::kNoRule, "other-errno", "without a rule the errno is ENOENT",
     MisreportsDescriptor<kActive, EBADF, ENOENT>},
    {spec::seccomp_notify_fd_active::kNoRule, "succeeds", "without a rule there is a descriptor",
     MisreportsDescriptor<kActive, EBADF, 0>},
    {spec::seccomp_notify_fd_active::kNotRunning, "other-errno",
     "a container that never ran: EBADF", MisreportsDescriptor<kActive, ECONNREFUSED, EBADF>},
    {spec::seccomp_notify_fd_active::kAfterStop, "other-errno", "a stopped container: EBADF",
     MisreportsDescriptor<kActive, ECONNREFUSED, EBADF>},
    {spec::seccomp_notify_fd_active::kAfterStop, "remembered",
     "a stopped container gives the old one", Remembers<kActive>},
};

}  // namespace
}  // namespace lxcspec::faults
