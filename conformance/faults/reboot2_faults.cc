// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <set>
#include <string>

#include "conformance/faults/ways.h"

namespace lxcspec::faults {
namespace {

constexpr char kSignal[] = "lxc.signal.reboot";

// The call with another timeout.
template <int (*kChange)(int)>
void ChangesTimeout(Broken& broken) {
  broken.members.reboot2 = [](abi::Container* c, int timeout) {
    return Original().reboot2(c, kChange(timeout));
  };
}

// What the call does when the original has answered.
template <void (*kAfter)(abi::Container*, int timeout, bool result)>
void DoesAfter(Broken& broken) {
  broken.members.reboot2 = [](abi::Container* c, int timeout) {
    const bool result = Original().reboot2(c, timeout);
    kAfter(c, timeout, result);
    return result;
  };
}

void WaitSeconds(int seconds) {
  timespec left{.tv_sec = seconds, .tv_nsec = 0};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

std::set<const abi::Container*>& Starters() {
  static std::set<const abi::Container*>& starters = *new std::set<const abi::Container*>;
  return starters;
}

bool RunsNot(abi::Container* c) { return c != nullptr && !Original().is_running(c); }

const Faults kFaults{
    {spec::reboot2::kAnnounced, "denied", "the extension is not announced", Denies<"reboot2">},
    {spec::reboot2::kWaitsForNewInit, "does-not", "no call waits",
     ChangesTimeout<[](int) { return 0; }>},
    {spec::reboot2::kReturnsOnceRebooted, "late", "a call returns when its timeout is over",
     DoesAfter<[](abi::Container*, int timeout, bool) {
       if (0 < timeout) WaitSeconds(timeout);
     }>},
    {spec::reboot2::kMinusOneWaits, "does-not", "-1 is as 0",
     ChangesTimeout<[](int timeout) { return timeout == -1 ? 0 : timeout; }>},
    {spec::reboot2::kMinusOneWaits, "one-second", "-1 is as 1",
     ChangesTimeout<[](int timeout) { return timeout == -1 ? 1 : timeout; }>},
    {spec::reboot2::kOtherNegativesWait, "do-not", "-2 is as 0",
     ChangesTimeout<[](int timeout) { return timeout < -1 ? 0 : timeout; }>},
    {spec::reboot2::kZeroReturnsAtOnce, "waits", "0 is as -1",
     ChangesTimeout<[](int timeout) { return timeout == 0 ? -1 : timeout; }>},
    {spec::reboot2::kZeroReturnsAtOnce, "false", "0 answers false",
     [](Broken& broken) {
       broken.members.reboot2 = [](abi::Container* c, int timeout) {
         return Original().reboot2(c, timeout) && timeout != 0;
       };
     }},
    {spec::reboot2::kZeroAsks, "does-not", "0 asks nobody",
     [](Broken& broken) {
       broken.members.reboot2 = [](abi::Container* c, int timeout) {
         return timeout == 0 && c != nullptr ? Original().is_running(c)
                                             : Original().reboot2(c, timeout);
       };
     }},
    {spec::reboot2::kDefaultSignal, "term", "the init is asked by SIGTERM",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         if (!Item(c, kSignal).empty() && Item(c, kSignal) != "0") {
           return Original().start(c, use_init, argv);
         }
         return StartWith(c, use_init, argv, kSignal, "SIGTERM");
       };
       broken.members.reboot2 = [](abi::Container* c, int timeout) {
         if (c != nullptr && Original().is_running(c)) kill(Original().init_pid(c), SIGTERM);
         return Original().reboot2(c, timeout);
       };
     }},
    {spec::reboot2::kConfiguredSignal, "and-another", "the init gets SIGINT as well",
     [](Broken& broken) {
       broken.members.reboot2 = [](abi::Container* c, int timeout) {
         if (c != nullptr && Original().is_running(c)) kill(Original().init_pid(c), SIGINT);
         return Original().reboot2(c, timeout);
       };
     }},
    {spec::reboot2::kAnyObject, "starter-only",
     "only the object that started the container reboots it",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         Starters().insert(c);
         return Original().start(c, use_init, argv);
       };
       broken.members.reboot2 = [](abi::Container* c, int timeout) {
         return Starters().contains(c) && Original().reboot2(c, timeout);
       };
     }},
    {spec::reboot2::kAgain, "once", "a process reboots a container once",
     [](Broken& broken) {
       broken.members.reboot2 = [](abi::Container* c, int timeout) {
         static bool done = false;
         if (done) return false;
         done = Original().reboot2(c, timeout);
         return done;
       };
     }},
    {spec::reboot2::kLeavesNothingOpen, "one-more", "a call leaves a descriptor open",
     DoesAfter<[](abi::Container*, int, bool) { (void)open("/dev/null", O_RDONLY | O_CLOEXEC); }>},
    {spec::reboot2::kLeavesNothingOpen, "one-in-vain", "a wait in vain leaves a descriptor open",
     DoesAfter<[](abi::Container*, int timeout, bool result) {
       if (!result && timeout != 0) (void)open("/dev/null", O_RDONLY | O_CLOEXEC);
     }>},
    {spec::reboot2::kExpires, "early", "a wait ends before its time",
     ChangesTimeout<[](int timeout) { return 1 < timeout ? timeout - 1 : timeout; }>},
    {spec::reboot2::kExpires, "true", "a wait that expires answers true",
     [](Broken& broken) {
       broken.members.reboot2 = [](abi::Container* c, int timeout) {
         return Original().reboot2(c, timeout) || (c != nullptr && Original().is_running(c));
       };
     }},
    {spec::reboot2::kExpiryChangesNothing, "stops", "a wait that expires stops the container",
     DoesAfter<[](abi::Container* c, int timeout, bool result) {
       if (c != nullptr && !result && 0 < timeout && Original().is_running(c)) Original().stop(c);
     }>},
    {spec::reboot2::kHaltsInstead, "true", "a container that halts counts as rebooted",
     [](Broken& broken) {
       broken.members.reboot2 = [](abi::Container* c, int timeout) {
         const bool ran = c != nullptr && Original().is_running(c);
         return Original().reboot2(c, timeout) || (ran && !Original().is_running(c));
       };
     }},
    {spec::reboot2::kHaltsInstead, "late", "a halt is noticed when the timeout is over",
     DoesAfter<[](abi::Container* c, int timeout, bool result) {
       if (!result && RunsNot(c) && 0 < timeout) WaitSeconds(timeout);
     }>},
    {spec::reboot2::kHaltedStaysStopped, "starts", "a container that halted is started again",
     [](Broken& broken) {
       // Only that object has its configuration; a caller in a forked process has a copy of it.
       static abi::Container* starter = nullptr;
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         starter = c;
         return Original().start(c, use_init, argv);
       };
       broken.members.reboot2 = [](abi::Container* c, int timeout) {
         const bool rebooted = Original().reboot2(c, timeout);
         if (rebooted || starter == nullptr || timeout == 0) return rebooted;
         Original().wait(starter, "STOPPED", 5);
         if (RunsNot(starter)) Original().start(starter, 0, nullptr);
         return rebooted;
       };
     }},
    {spec::reboot2::kNullContainer, "true", "NULL for the container answers true",
     [](Broken& broken) {
       broken.members.reboot2 = [](abi::Container* c, int timeout) {
         return c == nullptr || Original().reboot2(c, timeout);
       };
     }},
    {spec::reboot2::kNotRunning, "true", "a container that never ran answers true",
     [](Broken& broken) {
       broken.members.reboot2 = [](abi::Container* c, int timeout) {
         return RunsNot(c) || Original().reboot2(c, timeout);
       };
     }},
    {spec::reboot2::kNotRunning, "late", "a container that never ran is waited for",
     [](Broken& broken) {
       broken.members.reboot2 = [](abi::Container* c, int timeout) {
         if (RunsNot(c) && timeout != 0) WaitSeconds(timeout < 0 ? 60 : timeout);
         return Original().reboot2(c, timeout);
       };
     }},
    {spec::reboot2::kAfterStop, "true", "a stopped container answers true",
     [](Broken& broken) {
       broken.members.reboot2 = [](abi::Container* c, int timeout) {
         return RunsNot(c) || Original().reboot2(c, timeout);
       };
     }},
    {spec::reboot2::kStartsNothing, "starts", "a container that does not run is started",
     [](Broken& broken) {
       broken.members.reboot2 = [](abi::Container* c, int timeout) {
         if (RunsNot(c)) Original().start(c, 0, nullptr);
         return Original().reboot2(c, timeout);
       };
     }},
    {spec::reboot2::kCallerMayDie, "stops", "a call leaves a process that stops the container",
     [](Broken& broken) {
       broken.members.reboot2 = [](abi::Container* c, int timeout) {
         const pid_t caller = getpid();
         if (c != nullptr && timeout != 0 && fork() == 0) {
           while (kill(caller, 0) == 0 && getppid() == caller) usleep(10000);
           Original().stop(c);
           _exit(0);
         }
         return Original().reboot2(c, timeout);
       };
     }},
};

}  // namespace
}  // namespace lxcspec::faults
