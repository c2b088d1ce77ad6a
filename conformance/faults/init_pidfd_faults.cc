// SPDX-License-Identifier: Apache-2.0

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "conformance/faults/descriptors.h"

namespace lxcspec::faults {
namespace {

constexpr auto kPidfd = &abi::Container::init_pidfd;

int PidfdOf(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

// A running container gives a pidfd of the calling process.
int OfTheCaller(int fd) {
  if (fd < 0) return fd;
  close(fd);
  return PidfdOf(getpid());
}

// A running container gives a pidfd of a process that does nothing.
int OfABystander(int fd) {
  if (fd < 0) return fd;
  close(fd);
  const pid_t child = fork();
  if (child == 0) {
    for (;;) pause();
  }
  return PidfdOf(child);
}

const Faults kFaults{
    {spec::init_pidfd::kAnnounced, "denied", "the extension is not announced",
     Denies<"init_pidfd">},
    {spec::init_pidfd::kIsPidfd, "other-file", "the descriptor is of /dev/null",
     GivesOtherFile<kPidfd, "/dev/null">},
    {spec::init_pidfd::kRefersToInit, "caller", "the descriptor refers to the caller",
     ChangesDescriptor<kPidfd, OfTheCaller>},
    {spec::init_pidfd::kRefersToInit, "first", "every container gives the first one's",
     GivesFirst<kPidfd>},
    {spec::init_pidfd::kCloseOnExec, "inherited", "the descriptor survives an exec",
     GivesInherited<kPidfd>},
    {spec::init_pidfd::kCallerOwns, "shared", "every call returns the same descriptor",
     GivesShared<kPidfd>},
    {spec::init_pidfd::kLeavesNothingOpen, "one-more", "a success opens a second descriptor",
     LeavesOneOpen<kPidfd, false>},
    {spec::init_pidfd::kLeavesNothingOpen, "one-on-failure", "a failure opens a descriptor",
     LeavesOneOpen<kPidfd, true>},
    {spec::init_pidfd::kOutlivesObject, "closed-with-object", "releasing the object closes it",
     ClosesWithObject<kPidfd>},
    {spec::init_pidfd::kAnyObject, "starter-only", "only the starter's object answers",
     AnswersStarterOnly<kPidfd>},
    {spec::init_pidfd::kDeliversSignals, "bystander", "signals go to another process",
     ChangesDescriptor<kPidfd, OfABystander>},
    {spec::init_pidfd::kReadableAfterExit, "never", "the descriptor never becomes readable",
     ChangesDescriptor<kPidfd, OfTheCaller>},
    {spec::init_pidfd::kReadableAfterExit, "always",
     "the descriptor is readable from the beginning", GivesOtherFile<kPidfd, "/dev/zero">},
    {spec::init_pidfd::kDeadAfterExit, "alive", "a signal to an ended init is taken",
     ChangesDescriptor<kPidfd, OfABystander>},
    {spec::init_pidfd::kRestartRefersToNewInit, "first-init",
     "a restarted container: its first init", Remembers<kPidfd>},
    {spec::init_pidfd::kRebootRefersToNewInit, "first-init", "a rebooted container: its first init",
     Remembers<kPidfd>},
    {spec::init_pidfd::kWhileFrozen, "refused", "a frozen container gives none",
     RefusesFrozen<kPidfd>},
    {spec::init_pidfd::kStopped, "other-errno", "a container that never ran: ESRCH",
     MisreportsDescriptor<kPidfd, ECONNREFUSED, ESRCH>},
    {spec::init_pidfd::kAfterStop, "other-errno", "a stopped container: EBADF",
     MisreportsDescriptor<kPidfd, ECONNREFUSED, EBADF>},
    {spec::init_pidfd::kAfterStop, "remembered", "a stopped container gives its last init",
     Remembers<kPidfd>},
    {spec::init_pidfd::kNoPidfds, "pretended", "a start that failed for want of pidfds succeeds",
     PretendsToStart},
    {spec::init_pidfd::kNullContainer, "other-errno", "NULL for the container: EINVAL",
     AnswersNull<kPidfd, -EINVAL>},
};

}  // namespace
}  // namespace lxcspec::faults
