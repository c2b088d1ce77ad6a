// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <set>
#include <string>

#include "conformance/faults/ways.h"

namespace lxcspec::faults {
namespace {

constexpr char kMax[] = "lxc.pty.max";

// The call with its result given to `change`, which owns a descriptor that it gets.
template <int (*kChange)(int)>
void ChangesResult(Broken& broken) {
  broken.members.devpts_fd = [](abi::Container* c) {
    const int fd = Original().devpts_fd(c);
    return kChange(fd);
  };
}

// One errno for another.
template <int kOf, int kInstead>
void Misreports(Broken& broken) {
  broken.members.devpts_fd = [](abi::Container* c) {
    const int fd = Original().devpts_fd(c);
    return fd == -kOf ? -kInstead : fd;
  };
}

// What the first call of a process for a container of that name returned.
int FirstEver(abi::Container* c) {
  static std::map<std::string, int>& first = *new std::map<std::string, int>;
  const auto known = first.find(c->name);
  if (known != first.end()) return fcntl(known->second, F_DUPFD_CLOEXEC, 0);
  const int fd = Original().devpts_fd(c);
  if (fd >= 0) first[c->name] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  return fd;
}

int Reopen(int fd, int flags) {
  if (fd < 0) return fd;
  const int other = openat(fd, ".", flags | O_DIRECTORY);
  close(fd);
  return other;
}

bool IsFrozen(abi::Container* c) { return std::string_view(Original().state(c)) == "FROZEN"; }

std::set<const abi::Container*>& Starters() {
  static std::set<const abi::Container*>& starters = *new std::set<const abi::Container*>;
  return starters;
}

// Starts with the limit raised or lowered by so many.
template <int kBy>
void ShiftsLimit(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const int max = atoi(Item(c, kMax).c_str());
    if (max == 0) return Original().start(c, use_init, argv);
    return StartWith(c, use_init, argv, kMax, std::to_string(max + kBy));
  };
}

const Faults kFaults{
    {spec::devpts_fd::kAnnounced, "denied", "the extension is not announced", Denies<"devpts_fd">},
    {spec::devpts_fd::kIsDevpts, "other-folder", "the descriptor is of /dev",
     ChangesResult<[](int fd) {
       if (fd < 0) return fd;
       close(fd);
       return open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
     }>},
    {spec::devpts_fd::kContainersInstance, "of-the-machine",
     "the descriptor is of the machine's own", ChangesResult<[](int fd) {
       if (fd < 0) return fd;
       close(fd);
       return open("/dev/pts", O_PATH | O_DIRECTORY | O_CLOEXEC);
     }>},
    {spec::devpts_fd::kOwnInstance, "of-another", "every container gives the first one's",
     [](Broken& broken) {
       broken.members.devpts_fd = [](abi::Container* c) {
         static const int first = Original().devpts_fd(c);
         return first < 0 ? Original().devpts_fd(c) : fcntl(first, F_DUPFD_CLOEXEC, 0);
       };
     }},
    {spec::devpts_fd::kPathOnly, "readable", "the descriptor is opened for reading",
     ChangesResult<[](int fd) { return Reopen(fd, O_RDONLY | O_CLOEXEC); }>},
    {spec::devpts_fd::kCloseOnExec, "inherited", "the descriptor survives an exec",
     ChangesResult<[](int fd) {
       if (fd >= 0) fcntl(fd, F_SETFD, 0);
       return fd;
     }>},
    {spec::devpts_fd::kCallerOwns, "shared", "every call returns the same descriptor",
     [](Broken& broken) {
       broken.members.devpts_fd = [](abi::Container* c) {
         static const int only = Original().devpts_fd(c);
         return only < 0 ? Original().devpts_fd(c) : only;
       };
     }},
    {spec::devpts_fd::kLeavesNothingOpen, "one-more",
     "a call that succeeds opens a second descriptor", ChangesResult<[](int fd) {
       if (fd >= 0) (void)fcntl(fd, F_DUPFD_CLOEXEC, 0);
       return fd;
     }>},
    {spec::devpts_fd::kLeavesNothingOpen, "one-on-failure", "a call that fails leaves a descriptor",
     ChangesResult<[](int fd) {
       if (fd < 0) (void)open("/dev/null", O_RDONLY | O_CLOEXEC);
       return fd;
     }>},
    {spec::devpts_fd::kAnyObject, "starter-only",
     "only the object that started the container answers",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         Starters().insert(c);
         return Original().start(c, use_init, argv);
       };
       broken.members.devpts_fd = [](abi::Container* c) {
         return Starters().contains(c) ? Original().devpts_fd(c) : -EPERM;
       };
     }},
    {spec::devpts_fd::kOutlivesObject, "closed-with-object",
     "releasing the object closes its descriptors",
     [](Broken& broken) {
       static std::map<abi::Container*, int>& given = *new std::map<abi::Container*, int>;
       broken.members.devpts_fd = [](abi::Container* c) {
         return given[c] = Original().devpts_fd(c);
       };
       broken.library.container_put = [](abi::Container* c) {
         const auto known = given.find(c);
         if (known != given.end() && known->second >= 0) close(known->second);
         return OriginalLibrary().container_put(c);
       };
     }},
    {spec::devpts_fd::kAllocates, "of-the-machine", "a terminal appears on the machine",
     ChangesResult<[](int fd) {
       if (fd < 0) return fd;
       close(fd);
       return open("/dev/pts", O_PATH | O_DIRECTORY | O_CLOEXEC);
     }>},
    {spec::devpts_fd::kCarriesBytes, "of-the-machine",
     "what is written goes to a terminal of the machine", ChangesResult<[](int fd) {
       if (fd < 0) return fd;
       close(fd);
       return open("/dev/pts", O_PATH | O_DIRECTORY | O_CLOEXEC);
     }>},
    {spec::devpts_fd::kOpensPeer, "no-folder", "the descriptor is of the instance's ptmx",
     ChangesResult<[](int fd) {
       if (fd < 0) return fd;
       const int ptmx = openat(fd, "ptmx", O_PATH | O_CLOEXEC);
       close(fd);
       return ptmx;
     }>},
    {spec::devpts_fd::kFindsInnerTerminals, "of-the-machine", "inner terminals are not found",
     ChangesResult<[](int fd) {
       if (fd < 0) return fd;
       close(fd);
       return open("/dev/pts", O_PATH | O_DIRECTORY | O_CLOEXEC);
     }>},
    {spec::devpts_fd::kHoldsNothingUp, "busy", "a container with a client cannot be stopped",
     [](Broken& broken) {
       static bool given = false;
       broken.members.devpts_fd = [](abi::Container* c) {
         const int fd = Original().devpts_fd(c);
         given = given || fd >= 0;
         return fd;
       };
       broken.members.stop = [](abi::Container* c) { return !given && Original().stop(c); };
     }},
    {spec::devpts_fd::kRestartNewInstance, "first-instance",
     "a restarted container gives the old one",
     [](Broken& broken) { broken.members.devpts_fd = FirstEver; }},
    {spec::devpts_fd::kRebootNewInstance, "first-instance",
     "a rebooted container gives the old one",
     [](Broken& broken) { broken.members.devpts_fd = FirstEver; }},
    {spec::devpts_fd::kWhileFrozen, "refused", "a frozen container gives no descriptor",
     [](Broken& broken) {
       broken.members.devpts_fd = [](abi::Container* c) {
         return IsFrozen(c) ? -EBUSY : Original().devpts_fd(c);
       };
     }},
    {spec::devpts_fd::kUserNamespace, "refused", "a container with id maps gives no descriptor",
     [](Broken& broken) {
       broken.members.devpts_fd = [](abi::Container* c) {
         return Item(c, "lxc.idmap").empty() ? Original().devpts_fd(c) : -EPERM;
       };
     }},
    {spec::devpts_fd::kUsableToLimit, "two-less", "two terminals too few can be allocated",
     ShiftsLimit<-2>},
    {spec::devpts_fd::kTtysNotCounted, "counted", "those of lxc.tty.max count",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         const int max = atoi(Item(c, kMax).c_str()) - atoi(Item(c, "lxc.tty.max").c_str());
         if (max <= 0) return Original().start(c, use_init, argv);
         return StartWith(c, use_init, argv, kMax, std::to_string(max));
       };
     }},
    {spec::devpts_fd::kKeyReadsBack, "other", "the key reads as another number",
     ReadsBackAs<"lxc.pty.max", "1024">},
    {spec::devpts_fd::kKeyReadsBack, "kept", "a cleared key is kept",
     KeepsWhenCleared<"lxc.pty.max">},
    {spec::devpts_fd::kKeyRefused, "anything", "everything is taken",
     AcceptsAnything<"lxc.pty.max">},
    {spec::devpts_fd::kKeyRefused, "cleared", "a refused value clears the key",
     ClearsWhenRefusing<"lxc.pty.max">},
    {spec::devpts_fd::kLimit, "one-more", "one terminal more than the limit can be allocated",
     ShiftsLimit<1>},
    {spec::devpts_fd::kLimit, "ignored", "there is no limit",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         if (atoi(Item(c, kMax).c_str()) == 0) return Original().start(c, use_init, argv);
         return StartWith(c, use_init, argv, kMax, "1024");
       };
     }},
    {spec::devpts_fd::kNullContainer, "other-errno", "NULL for the container answers with EINVAL",
     [](Broken& broken) {
       broken.members.devpts_fd = [](abi::Container* c) {
         return c == nullptr ? -EINVAL : Original().devpts_fd(c);
       };
     }},
    {spec::devpts_fd::kNoInstance, "of-the-machine", "without an instance the machine's is given",
     ChangesResult<[](int fd) {
       return fd == -EBADF ? open("/dev/pts", O_PATH | O_DIRECTORY | O_CLOEXEC) : fd;
     }>},
    {spec::devpts_fd::kNoInstance, "made", "an instance is made unasked",
     AddsAtStart<"lxc.pty.max", "8">},
    {spec::devpts_fd::kStopped, "other-errno", "a container that never ran answers with EBADF",
     Misreports<ECONNREFUSED, EBADF>},
    {spec::devpts_fd::kAfterStop, "other-errno", "a stopped container answers with EBADF",
     Misreports<ECONNREFUSED, EBADF>},
    {spec::devpts_fd::kAfterStop, "remembered", "a stopped container gives its last instance",
     [](Broken& broken) { broken.members.devpts_fd = FirstEver; }},
    {spec::devpts_fd::kNoFsmount, "of-the-machine", "without fsmount the machine's is given",
     ChangesResult<[](int fd) {
       if (fd >= 0) close(fd);
       return open("/dev/pts", O_PATH | O_DIRECTORY | O_CLOEXEC);
     }>},
};

}  // namespace
}  // namespace lxcspec::faults
