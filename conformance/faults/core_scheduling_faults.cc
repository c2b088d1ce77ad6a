// SPDX-License-Identifier: Apache-2.0

#include <sys/prctl.h>

#include <string>

#include "conformance/faults/ways.h"

namespace lxcspec::faults {
namespace {

constexpr Text kKey = "lxc.sched.core";
constexpr int kSchedCore = 62;
constexpr unsigned long kCreate = 1;
constexpr unsigned long kThreadGroup = 1;

void MakeCookieFor(pid_t process) {
  static_cast<void>(prctl(kSchedCore, kCreate, process, kThreadGroup, nullptr));
}

// The domain is the starter's, and so that of all its containers.
void StartsInItsOwnDomain(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    if (Item(c, kKey.value) != "1") return Original().start(c, use_init, argv);
    static const bool kMade = (MakeCookieFor(0), true);
    static_cast<void>(kMade);
    return StartWith(c, use_init, argv, kKey.value, "0");
  };
}

// Only the init gets a cookie, when it runs already.
void MarksInitOnly(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    if (Item(c, kKey.value) != "1") return Original().start(c, use_init, argv);
    const bool started = StartWith(c, use_init, argv, kKey.value, "0");
    if (started) MakeCookieFor(Original().init_pid(c));
    return started;
  };
}

const Faults kFaults{
    {spec::core_scheduling::kAnnounced, "denied", "the extension is not announced",
     Denies<"core_scheduling">},
    {spec::core_scheduling::kKeyReadsBack, "kept", "a cleared key is kept", KeepsWhenCleared<kKey>},
    {spec::core_scheduling::kKeyReadsBack, "zero", "the key always reads as 0",
     ReadsBackAs<kKey, "0">},
    {spec::core_scheduling::kOwnDomain, "ignored", "the key does nothing", ForgetsAtStart<kKey>},
    {spec::core_scheduling::kWithout, "always", "every container has a cookie",
     AddsAtStart<kKey, "1">},
    {spec::core_scheduling::kAllProcesses, "ignored", "the key does nothing", ForgetsAtStart<kKey>},
    {spec::core_scheduling::kAttached, "outside", "attached processes have no cookie",
     MarksInitOnly},
    {spec::core_scheduling::kDifferent, "shared", "all containers have one cookie",
     StartsInItsOwnDomain},
    {spec::core_scheduling::kStarterUnchanged, "shared", "the starter has its containers' cookie",
     StartsInItsOwnDomain},
    {spec::core_scheduling::kAfterReboot, "once", "only the first init has a cookie",
     MarksInitOnly},
    {spec::core_scheduling::kIdMapped, "outside", "attached processes have no cookie",
     MarksInitOnly},
    {spec::core_scheduling::kKeyRefused, "anything", "everything is taken", AcceptsAnything<kKey>},
    {spec::core_scheduling::kKeyRefused, "cleared", "a refused value clears the key",
     ClearsWhenRefusing<kKey>},
    {spec::core_scheduling::kKernelWithout, "ignored", "the container runs without a cookie",
     ForgetsAtStart<kKey>},
    {spec::core_scheduling::kKernelWithout, "always", "containers with 0 do not start either",
     AddsAtStart<kKey, "1">},
    {spec::core_scheduling::kOneThreadACore, "refused", "the container does not start",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         return Item(c, kKey.value) != "1" && Original().start(c, use_init, argv);
       };
     }},
};

}  // namespace
}  // namespace lxcspec::faults
