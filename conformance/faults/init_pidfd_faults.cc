// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <set>
#include <string>

#include "conformance/faults/ways.h"

namespace lxcspec::faults {
namespace {

int PidfdOf(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

bool IsFrozen(abi::Container* c) { return std::string_view(Original().state(c)) == "FROZEN"; }

// Answers the error instead of the given one.
template <int kInstead, int kOf>
int Misreported(abi::Container* c) {
  const int pidfd = Original().init_pidfd(c);
  return pidfd == -kOf ? -kInstead : pidfd;
}

// The descriptors that earlier calls returned, by container: what is answered after a restart.
int FirstEver(abi::Container* c) {
  static std::map<std::string, int>& first = *new std::map<std::string, int>;
  const auto known = first.find(c->name);
  if (known != first.end()) return fcntl(known->second, F_DUPFD_CLOEXEC, 0);
  const int pidfd = Original().init_pidfd(c);
  if (pidfd >= 0) first[c->name] = fcntl(pidfd, F_DUPFD_CLOEXEC, 0);
  return pidfd;
}

// The objects that started their container.
std::set<const abi::Container*>& Starters() {
  static std::set<const abi::Container*>& starters = *new std::set<const abi::Container*>;
  return starters;
}

const Faults kFaults{
    {spec::init_pidfd::kAnnounced, "denied", "the extension is not announced",
     Denies<"init_pidfd">},
    {spec::init_pidfd::kIsPidfd, "other-file",
     "a running container gives a descriptor of /dev/null",
     [](Broken& broken) {
       broken.members.init_pidfd = [](abi::Container* c) {
         const int pidfd = Original().init_pidfd(c);
         if (pidfd < 0) return pidfd;
         close(pidfd);
         return open("/dev/null", O_RDONLY | O_CLOEXEC);
       };
     }},
    {spec::init_pidfd::kRefersToInit, "monitor", "the descriptor refers to the caller",
     [](Broken& broken) {
       broken.members.init_pidfd = [](abi::Container* c) {
         const int pidfd = Original().init_pidfd(c);
         if (pidfd < 0) return pidfd;
         close(pidfd);
         return PidfdOf(getpid());
       };
     }},
    {spec::init_pidfd::kRefersToInit, "of-another",
     "every container gives the descriptor of the first one",
     [](Broken& broken) {
       broken.members.init_pidfd = [](abi::Container* c) {
         static const int first = Original().init_pidfd(c);
         return first < 0 ? Original().init_pidfd(c) : fcntl(first, F_DUPFD_CLOEXEC, 0);
       };
     }},
    {spec::init_pidfd::kCloseOnExec, "inherited", "the descriptor survives an exec",
     [](Broken& broken) {
       broken.members.init_pidfd = [](abi::Container* c) {
         const int pidfd = Original().init_pidfd(c);
         if (pidfd >= 0) fcntl(pidfd, F_SETFD, 0);
         return pidfd;
       };
     }},
    {spec::init_pidfd::kCallerOwns, "shared", "every call returns the same descriptor",
     [](Broken& broken) {
       broken.members.init_pidfd = [](abi::Container* c) {
         static const int only = Original().init_pidfd(c);
         return only < 0 ? Original().init_pidfd(c) : only;
       };
     }},
    {spec::init_pidfd::kLeavesNothingOpen, "one-more",
     "a call that succeeds opens a second descriptor",
     [](Broken& broken) {
       broken.members.init_pidfd = [](abi::Container* c) {
         const int pidfd = Original().init_pidfd(c);
         if (pidfd >= 0) (void)fcntl(pidfd, F_DUPFD_CLOEXEC, 0);
         return pidfd;
       };
     }},
    {spec::init_pidfd::kLeavesNothingOpen, "one-on-failure",
     "a call that fails leaves a descriptor",
     [](Broken& broken) {
       broken.members.init_pidfd = [](abi::Container* c) {
         const int pidfd = Original().init_pidfd(c);
         if (pidfd < 0) (void)open("/dev/null", O_RDONLY | O_CLOEXEC);
         return pidfd;
       };
     }},
    {spec::init_pidfd::kOutlivesObject, "closed-with-object",
     "releasing the object closes its descriptors",
     [](Broken& broken) {
       static std::map<abi::Container*, int>& given = *new std::map<abi::Container*, int>;
       broken.members.init_pidfd = [](abi::Container* c) {
         return given[c] = Original().init_pidfd(c);
       };
       broken.library.container_put = [](abi::Container* c) {
         const auto known = given.find(c);
         if (known != given.end() && known->second >= 0) close(known->second);
         return OriginalLibrary().container_put(c);
       };
     }},
    {spec::init_pidfd::kAnyObject, "starter-only",
     "only the object that started the container answers",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         Starters().insert(c);
         return Original().start(c, use_init, argv);
       };
       broken.members.init_pidfd = [](abi::Container* c) {
         return Starters().contains(c) ? Original().init_pidfd(c) : -EPERM;
       };
     }},
    {spec::init_pidfd::kDeliversSignals, "of-another-process",
     "signals go to a process of the caller's",
     [](Broken& broken) {
       broken.members.init_pidfd = [](abi::Container* c) {
         const int pidfd = Original().init_pidfd(c);
         if (pidfd < 0) return pidfd;
         close(pidfd);
         const pid_t child = fork();
         if (child == 0) {
           for (;;) pause();
         }
         return PidfdOf(child);
       };
     }},
    {spec::init_pidfd::kReadableAfterExit, "of-another-process",
     "the descriptor never becomes readable",
     [](Broken& broken) {
       broken.members.init_pidfd = [](abi::Container* c) {
         const int pidfd = Original().init_pidfd(c);
         if (pidfd < 0) return pidfd;
         close(pidfd);
         return PidfdOf(getpid());
       };
     }},
    {spec::init_pidfd::kReadableAfterExit, "always",
     "the descriptor is readable from the beginning",
     [](Broken& broken) {
       broken.members.init_pidfd = [](abi::Container* c) {
         const int pidfd = Original().init_pidfd(c);
         if (pidfd < 0) return pidfd;
         close(pidfd);
         return open("/dev/zero", O_RDONLY | O_CLOEXEC);
       };
     }},
    {spec::init_pidfd::kDeadAfterExit, "alive", "a signal to an ended init is taken",
     [](Broken& broken) {
       broken.members.init_pidfd = [](abi::Container* c) {
         const int pidfd = Original().init_pidfd(c);
         if (pidfd < 0) return pidfd;
         close(pidfd);
         const pid_t child = fork();
         if (child == 0) {
           for (;;) pause();
         }
         return PidfdOf(child);
       };
     }},
    {spec::init_pidfd::kRestartRefersToNewInit, "first-init",
     "a restarted container gives its first init",
     [](Broken& broken) { broken.members.init_pidfd = FirstEver; }},
    {spec::init_pidfd::kRebootRefersToNewInit, "first-init",
     "a rebooted container gives its first init",
     [](Broken& broken) { broken.members.init_pidfd = FirstEver; }},
    {spec::init_pidfd::kWhileFrozen, "refused", "a frozen container gives no descriptor",
     [](Broken& broken) {
       broken.members.init_pidfd = [](abi::Container* c) {
         return IsFrozen(c) ? -EBUSY : Original().init_pidfd(c);
       };
     }},
    {spec::init_pidfd::kStopped, "other-errno", "a container that never ran answers with ESRCH",
     [](Broken& broken) { broken.members.init_pidfd = Misreported<ESRCH, ECONNREFUSED>; }},
    {spec::init_pidfd::kAfterStop, "other-errno", "a stopped container answers with EBADF",
     [](Broken& broken) { broken.members.init_pidfd = Misreported<EBADF, ECONNREFUSED>; }},
    {spec::init_pidfd::kAfterStop, "remembered", "a stopped container gives its last init",
     [](Broken& broken) { broken.members.init_pidfd = FirstEver; }},
    {spec::init_pidfd::kNoPidfds, "pretended", "a start that failed for want of pidfds succeeds",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         Original().start(c, use_init, argv);
         return true;
       };
     }},
    {spec::init_pidfd::kNullContainer, "other-errno", "NULL for the container answers with EINVAL",
     [](Broken& broken) {
       broken.members.init_pidfd = [](abi::Container* c) {
         return c == nullptr ? -EINVAL : Original().init_pidfd(c);
       };
     }},
};

}  // namespace
}  // namespace lxcspec::faults
