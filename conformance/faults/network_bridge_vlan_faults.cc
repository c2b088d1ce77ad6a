// SPDX-License-Identifier: Apache-2.0

#include "conformance/faults/networks.h"

namespace lxcspec::faults {
namespace {

bool IsAnything(std::string_view) { return true; }

const Faults kFaults{
    {spec::network_bridge_vlan::kAnnounced, "denied", "the extension is not announced",
     Denies<"network_bridge_vlan">},
    {spec::network_bridge_vlan::kIdReadsBack, "other", "the id reads as 1",
     ReadsNetBackAs<"veth.vlan.id", "1">},
    {spec::network_bridge_vlan::kIdNoneReadsBack, "zero", "none reads as 0",
     ReadsNetBackAs<"veth.vlan.id", "0">},
    {spec::network_bridge_vlan::kIdCleared, "kept", "a cleared id is kept",
     KeepsNetWhenCleared<"veth.vlan.id">},
    {spec::network_bridge_vlan::kIdCleared, "empty-ignored", "the empty string keeps the id",
     KeepsNetWhenEmpty<"veth.vlan.id">},
    {spec::network_bridge_vlan::kTaggedReadsBack, "other", "the tagged ids read as 1",
     ReadsNetBackAs<"veth.vlan.tagged.id", "1">},
    {spec::network_bridge_vlan::kTaggedReadsBack, "kept", "cleared tagged ids are kept",
     KeepsNetWhenCleared<"veth.vlan.tagged.id">},
    {spec::network_bridge_vlan::kUntagged, "ignored", "the id is not used",
     ForgetsNetAtStart<"veth.vlan.id">},
    {spec::network_bridge_vlan::kUntaggedDefault, "none", "no VLAN where it is the default one",
     MistakesNetAtStart<"veth.vlan.id", "1", "none">},
    {spec::network_bridge_vlan::kNone, "ignored", "none is as unset",
     MistakesNetAtStart<"veth.vlan.id", "none", "">},
    {spec::network_bridge_vlan::kTagged, "ignored", "the tagged ids are not used",
     ForgetsNetAtStart<"veth.vlan.tagged.id">},
    {spec::network_bridge_vlan::kTagged, "first-only", "only the first tagged id counts",
     FirstValueAtStart<"veth.vlan.tagged.id">},
    {spec::network_bridge_vlan::kUnset, "none", "without the keys the port is in no VLAN",
     AddsNetAtStart<"veth.vlan.id", "none">},
    {spec::network_bridge_vlan::kEachInterface, "first-only", "only the first interface's counts",
     ForgetsLaterNetAtStart<"veth.vlan.id">},
    {spec::network_bridge_vlan::kSeparates, "ignored", "the id is not used",
     ForgetsNetAtStart<"veth.vlan.id">},
    {spec::network_bridge_vlan::kValuesRefused, "anything", "every id is taken",
     AcceptsNetLike<"veth.vlan.id", IsAnything>},
    {spec::network_bridge_vlan::kValuesRefused, "tagged-anything", "every tagged id is taken",
     AcceptsNetLike<"veth.vlan.tagged.id", IsAnything>},
    {spec::network_bridge_vlan::kValuesRefused, "cleared", "a refused id clears the key",
     ClearsNetWhenRefusing<"veth.vlan.id">},
    {spec::network_bridge_vlan::kOtherTypes, "taken", "other types take the id",
     AcceptsNet<"veth.vlan.id">},
    {spec::network_bridge_vlan::kOtherTypes, "tagged-taken", "other types take tagged ids",
     AcceptsNet<"veth.vlan.tagged.id">},
    {spec::network_bridge_vlan::kSameIdTwice, "untagged", "the tagged one is ignored",
     ForgetsNetAtStart<"veth.vlan.tagged.id">},
    {spec::network_bridge_vlan::kNotFiltering, "ignored", "a container starts without its VLAN",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         Changes changes;
         for (const int index : Interfaces(c)) {
           changes.emplace_back(NetKey(index, "veth.vlan.id"), "");
           changes.emplace_back(NetKey(index, "veth.vlan.tagged.id"), "");
         }
         return StartWith(c, use_init, argv, changes);
       };
     }},
};

}  // namespace
}  // namespace lxcspec::faults
