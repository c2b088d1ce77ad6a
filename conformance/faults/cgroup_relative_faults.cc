// SPDX-License-Identifier: Apache-2.0

#include <unistd.h>

#include <string>

#include "conformance/faults/cgroup_ways.h"

namespace lxcspec::faults {
namespace {

constexpr char kKey[] = "lxc.cgroup.relative";

bool IsRelative(abi::Container* c) { return Item(c, kKey) == "1"; }

// Containers start as if nobody had asked for cgroups below the starter's.
void Escapes(Broken& broken) { ChangesAtStart<"lxc.cgroup.relative", "0">(broken); }

// A start takes the caller along to the root, where containers have their cgroups.
template <bool kRelative>
void TakesStarterAlong(Broken& broken) {
  DoesAfterStart<[](abi::Container* c) {
    if (IsRelative(c) == kRelative) MoveOut(getpid());
  }>(broken);
}

const Faults kFaults{
    {spec::cgroup_relative::kAnnounced, "denied", "the extension is not announced",
     Denies<"cgroup_relative">},
    {spec::cgroup_relative::kKeyReadsBack, "always-zero", "the key reads as 0",
     ReadsBackAs<"lxc.cgroup.relative", "0">},
    {spec::cgroup_relative::kKeyReadsBack, "kept", "a cleared key keeps its value",
     KeepsWhenCleared<"lxc.cgroup.relative">},
    {spec::cgroup_relative::kKeyReadsBack, "empty", "0 reads as the empty string",
     [](Broken& broken) {
       broken.members.get_config_item = [](abi::Container* c, const char* key, char* value,
                                           int size) {
         const bool is_zero =
             key != nullptr && std::string_view(key) == kKey && Item(c, key) == "0";
         return is_zero ? Answer("", value, size) : Original().get_config_item(c, key, value, size);
       };
     }},
    {spec::cgroup_relative::kBelowStarter, "ignored", "the container is below the root", Escapes},
    {spec::cgroup_relative::kBelowStarter, "all-but-one", "in one hierarchy it is elsewhere",
     DoesAfterStart<[](abi::Container* c) { MoveOutOfOne(InitOf(c)); }>},
    {spec::cgroup_relative::kMonitorBelowStarter, "ignored", "the monitor is below the root",
     Escapes},
    {spec::cgroup_relative::kMonitorBelowStarter, "init-only", "the monitor alone goes elsewhere",
     DoesAfterStart<[](abi::Container* c) { MoveOut(MonitorOf(c)); }>},
    {spec::cgroup_relative::kMonitorBelowStarter, "all-but-one", "it does in one hierarchy",
     DoesAfterStart<[](abi::Container* c) { MoveOutOfOne(MonitorOf(c)); }>},
    {spec::cgroup_relative::kNotBelowStarter, "always", "every container is below its starter",
     AddsAtStart<"lxc.cgroup.relative", "1">},
    {spec::cgroup_relative::kNotBelowStarter, "default", "a container is unless the key is 0",
     [](Broken& broken) {
       static std::string last;
       broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
         if (key != nullptr && value != nullptr && std::string_view(key) == kKey) last = value;
         return Original().set_config_item(c, key, value);
       };
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         return last == "0" ? Original().start(c, use_init, argv)
                            : StartWith(c, use_init, argv, kKey, "1");
       };
     }},
    {spec::cgroup_relative::kStartersLimitHolds, "ignored", "the container is below the root",
     Escapes},
    {spec::cgroup_relative::kStarterStays, "relative", "a start moves its caller, with 1",
     TakesStarterAlong<true>},
    {spec::cgroup_relative::kStarterStays, "other", "a start moves its caller, with 0",
     TakesStarterAlong<false>},
    {spec::cgroup_relative::kStarterStays, "one-hierarchy", "it does in one hierarchy",
     DoesAfterStart<[](abi::Container*) { MoveOutOfOne(getpid()); }>},
    {spec::cgroup_relative::kGoneAfterStop, "left", "a stop leaves the cgroups",
     LeavesCgroups<Ending::kByRequest>},
    {spec::cgroup_relative::kGoneAfterStop, "left-by-the-killed",
     "an init that was killed leaves its cgroups", LeavesCgroups<Ending::kByItself>},
    {spec::cgroup_relative::kKeyRefused, "any", "every value is taken",
     AcceptsAnything<"lxc.cgroup.relative">},
    {spec::cgroup_relative::kKeyRefused, "cleared", "a refused value clears the key",
     ClearsWhenRefusing<"lxc.cgroup.relative">},
    {spec::cgroup_relative::kKeyRefused, "negative", "-1 is 1",
     Mistakes<"lxc.cgroup.relative", "-1", "1">},
    {spec::cgroup_relative::kKeyRefused, "prefix", "1x is 1",
     Mistakes<"lxc.cgroup.relative", "1x", "1">},
    {spec::cgroup_relative::kNoRoom, "elsewhere", "without room it runs below the root",
     StartsWithout<"lxc.cgroup.relative">},
    {spec::cgroup_relative::kNoRoom, "pretended", "a start that fails succeeds", PretendsToStart},
};

}  // namespace
}  // namespace lxcspec::faults
