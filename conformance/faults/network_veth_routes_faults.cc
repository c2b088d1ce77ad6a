// SPDX-License-Identifier: Apache-2.0

#include "conformance/faults/networks.h"

namespace lxcspec::faults {
namespace {

bool HasPrefix(std::string_view value) { return value.find('/') != std::string_view::npos; }
bool HasNoPrefix(std::string_view value) { return !HasPrefix(value); }

const Faults kFaults{
    {spec::network_veth_routes::kAnnounced, "denied", "the extension is not announced",
     Denies<"network_veth_routes">},
    {spec::network_veth_routes::kKeyReadsBack, "last-only", "the IPv4 key reads as another network",
     ReadsNetBackAs<"veth.ipv4.route", "192.0.2.0/24">},
    {spec::network_veth_routes::kKeyReadsBack, "ipv6", "the IPv6 key reads as another network",
     ReadsNetBackAs<"veth.ipv6.route", "2001:db8::/64">},
    {spec::network_veth_routes::kKeyCleared, "kept", "cleared IPv4 networks are kept",
     KeepsNetWhenCleared<"veth.ipv4.route">},
    {spec::network_veth_routes::kKeyCleared, "ipv6-kept", "cleared IPv6 networks are kept",
     KeepsNetWhenCleared<"veth.ipv6.route">},
    {spec::network_veth_routes::kKeyCleared, "empty-ignored", "the empty string keeps the networks",
     KeepsNetWhenEmpty<"veth.ipv4.route">},
    {spec::network_veth_routes::kIpv4, "ignored", "no IPv4 route is added",
     ForgetsNetAtStart<"veth.ipv4.route">},
    {spec::network_veth_routes::kIpv4, "first-only", "only the first IPv4 route is added",
     FirstValueAtStart<"veth.ipv4.route">},
    {spec::network_veth_routes::kIpv6, "ignored", "no IPv6 route is added",
     ForgetsNetAtStart<"veth.ipv6.route">},
    {spec::network_veth_routes::kIpv6, "first-only", "only the first IPv6 route is added",
     FirstValueAtStart<"veth.ipv6.route">},
    {spec::network_veth_routes::kEachInterface, "first-only", "only the first interface has routes",
     ForgetsLaterNetAtStart<"veth.ipv4.route">},
    {spec::network_veth_routes::kOnBridge, "not", "there is no route where there is a bridge",
     ChangesNetAtStart<"veth.ipv4.route",
                       [](abi::Container* c, int index, const std::string& value) {
                         const bool bridged = !Item(c, NetKey(index, "link").c_str()).empty();
                         return bridged ? std::string() : value;
                       }>},
    {spec::network_veth_routes::kCarriesTraffic, "ipv4-only", "no IPv6 route is added",
     ForgetsNetAtStart<"veth.ipv6.route">},
    {spec::network_veth_routes::kCarriesTraffic, "ipv6-only", "no IPv4 route is added",
     ForgetsNetAtStart<"veth.ipv4.route">},
    {spec::network_veth_routes::kRestart, "once", "a container that is started again has no routes",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         static bool before = false;
         Changes changes;
         for (const int index : Interfaces(c)) {
           if (before) changes.emplace_back(NetKey(index, "veth.ipv4.route"), "");
           if (before) changes.emplace_back(NetKey(index, "veth.ipv6.route"), "");
         }
         before = true;
         return StartWith(c, use_init, argv, changes);
       };
     }},
    {spec::network_veth_routes::kRefusedValues, "no-length", "an address without a length is taken",
     AcceptsNetLike<"veth.ipv4.route", HasNoPrefix>},
    {spec::network_veth_routes::kRefusedValues, "any-length", "any prefix length is taken",
     AcceptsNetLike<"veth.ipv4.route", HasPrefix>},
    {spec::network_veth_routes::kRefusedValues, "ipv6-any-length",
     "any IPv6 prefix length is taken", AcceptsNetLike<"veth.ipv6.route", HasPrefix>},
    {spec::network_veth_routes::kRefusedValues, "cleared", "a refused value clears the key",
     ClearsNetWhenRefusing<"veth.ipv4.route">},
    {spec::network_veth_routes::kOtherTypes, "taken", "other types take the IPv4 key",
     AcceptsNet<"veth.ipv4.route">},
    {spec::network_veth_routes::kOtherTypes, "ipv6-taken", "other types take the IPv6 key",
     AcceptsNet<"veth.ipv6.route">},
    {spec::network_veth_routes::kExistingRoute, "ignored",
     "a start that cannot add its route succeeds", PretendsToStart},
    {spec::network_veth_routes::kNoIpv6, "ignored", "a container starts without its IPv6 routes",
     ForgetsNetAtStart<"veth.ipv6.route">},
};

}  // namespace
}  // namespace lxcspec::faults
