// SPDX-License-Identifier: Apache-2.0

#include "conformance/faults/networks.h"

namespace lxcspec::faults {
namespace {

const Faults kFaults{
    {spec::network_ipvlan::kAnnounced, "denied", "the extension is not announced",
     Denies<"network_ipvlan">},
    {spec::network_ipvlan::kTypeReadsBack, "macvlan", "the type reads as macvlan",
     ReadsNetBackAs<"type", "macvlan">},
    {spec::network_ipvlan::kModeReadsBack, "l3s-is-l3", "l3s is taken for l3",
     MistakesNet<"ipvlan.mode", "l3s", "l3">},
    {spec::network_ipvlan::kModeReadsBack, "l2", "every mode reads as l2",
     ReadsNetBackAs<"ipvlan.mode", "l2">},
    {spec::network_ipvlan::kDefaultMode, "l2", "every mode reads as l2",
     ReadsNetBackAs<"ipvlan.mode", "l2">},
    {spec::network_ipvlan::kModeCleared, "kept", "a cleared mode is kept",
     KeepsNetWhenCleared<"ipvlan.mode">},
    {spec::network_ipvlan::kIsolationReadsBack, "vepa-is-private", "vepa is taken for private",
     MistakesNet<"ipvlan.isolation", "vepa", "private">},
    {spec::network_ipvlan::kIsolationCleared, "kept", "a cleared isolation is kept",
     KeepsNetWhenCleared<"ipvlan.isolation">},
    {spec::network_ipvlan::kDevice, "unnamed", "the name is not used", ForgetsNetAtStart<"name">},
    {spec::network_ipvlan::kDevice, "down", "the flags are not used", ForgetsNetAtStart<"flags">},
    {spec::network_ipvlan::kModeAndIsolation, "mode-ignored", "the mode is always l3",
     ForgetsNetAtStart<"ipvlan.mode">},
    {spec::network_ipvlan::kModeAndIsolation, "isolation-ignored", "the isolation is always bridge",
     ForgetsNetAtStart<"ipvlan.isolation">},
    {spec::network_ipvlan::kModeAndIsolation, "l3s-is-l3", "l3s is as l3",
     MistakesNetAtStart<"ipvlan.mode", "l3s", "l3">},
    {spec::network_ipvlan::kModeAndIsolation, "vepa-is-private", "vepa is as private",
     MistakesNetAtStart<"ipvlan.isolation", "vepa", "private">},
    {spec::network_ipvlan::kDefaultModeEffect, "l2", "the default mode is l2",
     AddsNetAtStart<"ipvlan.mode", "l2">},
    {spec::network_ipvlan::kDefaultIsolationEffect, "private", "the default isolation is private",
     AddsNetAtStart<"ipvlan.isolation", "private">},
    {spec::network_ipvlan::kEachInterface, "first-only", "only the first interface's mode counts",
     ForgetsLaterNetAtStart<"ipvlan.mode">},
    {spec::network_ipvlan::kEachInterface, "first-isolation",
     "only the first one's isolation counts", ForgetsLaterNetAtStart<"ipvlan.isolation">},
    {spec::network_ipvlan::kReachesLink, "down", "the device is not up",
     ForgetsNetAtStart<"flags">},
    {spec::network_ipvlan::kReachesLink, "ipv4-only", "there is no IPv6 address",
     ForgetsNetAtStart<"ipv6.address">},
    {spec::network_ipvlan::kBridgeReachesSibling, "private", "bridge is as private",
     AddsNetAtStart<"ipvlan.isolation", "private">},
    {spec::network_ipvlan::kIsolatedFromSibling, "bridge", "every isolation is as bridge",
     ForgetsNetAtStart<"ipvlan.isolation">},
    {spec::network_ipvlan::kRestart, "once", "a container that is started again has no network",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         static bool before = false;
         Changes changes;
         for (const int index : Interfaces(c)) {
           if (before) changes.emplace_back(NetKey(index, "type"), "empty");
         }
         before = true;
         return StartWith(c, use_init, argv, changes);
       };
     }},
    {spec::network_ipvlan::kWordsRefused, "any-mode", "every mode is taken",
     AcceptsNet<"ipvlan.mode">},
    {spec::network_ipvlan::kWordsRefused, "any-isolation", "every isolation is taken",
     AcceptsNet<"ipvlan.isolation">},
    {spec::network_ipvlan::kWordsRefused, "cleared", "a refused mode clears the key",
     ClearsNetWhenRefusing<"ipvlan.mode">},
    {spec::network_ipvlan::kOtherTypes, "taken", "other types take the mode",
     AcceptsNet<"ipvlan.mode">},
    {spec::network_ipvlan::kOtherTypes, "isolation-taken", "other types take the isolation",
     AcceptsNet<"ipvlan.isolation">},
    {spec::network_ipvlan::kNeedsLink, "pretended", "a start that fails succeeds", PretendsToStart},
    {spec::network_ipvlan::kNoIpvlan, "without", "a container starts without the device",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         if (Original().start(c, use_init, argv)) return true;
         Changes changes;
         for (const int index : Interfaces(c)) changes.emplace_back(NetKey(index, "type"), "empty");
         return StartWith(c, use_init, argv, changes);
       };
     }},
};

}  // namespace
}  // namespace lxcspec::faults
