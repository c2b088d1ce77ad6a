// SPDX-License-Identifier: Apache-2.0

#include <cerrno>
#include <cstdlib>
#include <string>

#include "conformance/faults/descriptors.h"

namespace lxcspec::faults {
namespace {

constexpr auto kDevpts = &abi::Container::devpts_fd;
constexpr char kMax[] = "lxc.pty.max";

int OpenFolder(const char* path) { return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC); }

// The machine's own instance instead of the container's.
int OfTheMachine(int fd) {
  if (fd < 0) return fd;
  close(fd);
  return OpenFolder("/dev/pts");
}

// Starts with another limit, where there is one.
template <int (*kChange)(abi::Container* c, int max)>
void ChangesLimit(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const int max = atoi(Item(c, kMax).c_str());
    const int changed = max > 0 ? kChange(c, max) : 0;
    if (changed <= 0) return Original().start(c, use_init, argv);
    return StartWith(c, use_init, argv, kMax, std::to_string(changed));
  };
}

const Faults kFaults{
    {spec::devpts_fd::kAnnounced, "denied", "the extension is not announced", Denies<"devpts_fd">},
    {spec::devpts_fd::kIsDevpts, "other-folder", "the descriptor is of /dev",
     ChangesDescriptor<kDevpts,
                       [](int fd) {
                         if (fd < 0) return fd;
                         close(fd);
                         return OpenFolder("/dev");
                       }>},
    {spec::devpts_fd::kContainersInstance, "of-the-machine",
     "the descriptor is of the machine's own", ChangesDescriptor<kDevpts, OfTheMachine>},
    {spec::devpts_fd::kOwnInstance, "first", "every container gives the first one's",
     GivesFirst<kDevpts>},
    {spec::devpts_fd::kPathOnly, "readable", "the descriptor is opened for reading",
     ChangesDescriptor<kDevpts,
                       [](int fd) {
                         if (fd < 0) return fd;
                         const int other = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                         close(fd);
                         return other;
                       }>},
    {spec::devpts_fd::kCloseOnExec, "inherited", "the descriptor survives an exec",
     GivesInherited<kDevpts>},
    {spec::devpts_fd::kCallerOwns, "shared", "every call returns the same descriptor",
     GivesShared<kDevpts>},
    {spec::devpts_fd::kLeavesNothingOpen, "one-more", "a success opens a second descriptor",
     LeavesOneOpen<kDevpts, false>},
    {spec::devpts_fd::kLeavesNothingOpen, "one-on-failure", "a failure opens a descriptor",
     LeavesOneOpen<kDevpts, true>},
    {spec::devpts_fd::kAnyObject, "starter-only", "only the starter's object answers",
     AnswersStarterOnly<kDevpts>},
    {spec::devpts_fd::kOutlivesObject, "closed-with-object", "releasing the object closes it",
     ClosesWithObject<kDevpts>},
    {spec::devpts_fd::kAllocates, "of-the-machine", "a terminal appears on the machine",
     ChangesDescriptor<kDevpts, OfTheMachine>},
    {spec::devpts_fd::kCarriesBytes, "of-the-machine", "bytes go to a terminal of the machine",
     ChangesDescriptor<kDevpts, OfTheMachine>},
    {spec::devpts_fd::kOpensPeer, "no-folder", "the descriptor is of the instance's ptmx",
     ChangesDescriptor<kDevpts,
                       [](int fd) {
                         if (fd < 0) return fd;
                         const int ptmx = openat(fd, "ptmx", O_PATH | O_CLOEXEC);
                         close(fd);
                         return ptmx;
                       }>},
    {spec::devpts_fd::kFindsInnerTerminals, "of-the-machine", "inner terminals are not found",
     ChangesDescriptor<kDevpts, OfTheMachine>},
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
    {spec::devpts_fd::kRestartNewInstance, "first-instance", "a restarted container: the old one",
     Remembers<kDevpts>},
    {spec::devpts_fd::kRebootNewInstance, "first-instance", "a rebooted container: the old one",
     Remembers<kDevpts>},
    {spec::devpts_fd::kWhileFrozen, "refused", "a frozen container gives none",
     RefusesFrozen<kDevpts>},
    {spec::devpts_fd::kUserNamespace, "refused", "a container with id maps gives none",
     [](Broken& broken) {
       broken.members.devpts_fd = [](abi::Container* c) {
         return Item(c, "lxc.idmap").empty() ? Original().devpts_fd(c) : -EPERM;
       };
     }},
    {spec::devpts_fd::kUsableToLimit, "two-less", "two terminals too few can be allocated",
     ChangesLimit<[](abi::Container*, int max) { return max - 2; }>},
    {spec::devpts_fd::kTtysNotCounted, "counted", "those of lxc.tty.max count",
     ChangesLimit<[](abi::Container* c, int max) {
       return max - atoi(Item(c, "lxc.tty.max").c_str());
     }>},
    {spec::devpts_fd::kKeyReadsBack, "other", "the key reads as another number",
     ReadsBackAs<"lxc.pty.max", "1024">},
    {spec::devpts_fd::kKeyReadsBack, "kept", "a cleared key is kept",
     KeepsWhenCleared<"lxc.pty.max">},
    {spec::devpts_fd::kKeyRefused, "anything", "everything is taken",
     AcceptsAnything<"lxc.pty.max">},
    {spec::devpts_fd::kKeyRefused, "cleared", "a refused value clears the key",
     ClearsWhenRefusing<"lxc.pty.max">},
    {spec::devpts_fd::kLimit, "one-more", "one terminal too many can be allocated",
     ChangesLimit<[](abi::Container*, int max) { return max + 1; }>},
    {spec::devpts_fd::kLimit, "ignored", "there is no limit",
     ChangesLimit<[](abi::Container*, int) { return 1024; }>},
    {spec::devpts_fd::kNullContainer, "other-errno", "NULL for the container: EINVAL",
     AnswersNull<kDevpts, -EINVAL>},
    {spec::devpts_fd::kNoInstance, "of-the-machine", "without an instance: the machine's",
     ChangesDescriptor<kDevpts, [](int fd) { return fd == -EBADF ? OpenFolder("/dev/pts") : fd; }>},
    {spec::devpts_fd::kNoInstance, "made", "an instance is made unasked",
     AddsAtStart<"lxc.pty.max", "8">},
    {spec::devpts_fd::kStopped, "other-errno", "a container that never ran: EBADF",
     MisreportsDescriptor<kDevpts, ECONNREFUSED, EBADF>},
    {spec::devpts_fd::kAfterStop, "other-errno", "a stopped container: EBADF",
     MisreportsDescriptor<kDevpts, ECONNREFUSED, EBADF>},
    {spec::devpts_fd::kAfterStop, "remembered", "a stopped container gives its last instance",
     Remembers<kDevpts>},
    {spec::devpts_fd::kNoFsmount, "pretended", "a start that failed for want of fsmount succeeds",
     PretendsToStart},
};

}  // namespace
}  // namespace lxcspec::faults
