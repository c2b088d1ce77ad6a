// SPDX-License-Identifier: Apache-2.0

#include "conformance/faults/networks.h"

namespace lxcspec::faults {
namespace {

bool IsOfType(abi::Container* c, int index, std::string_view type) {
  return Item(c, NetKey(index, "type").c_str()) == type;
}

// The MTU is not used for interfaces of that type.
template <Text kType>
void ForgetsMtuOf(Broken& broken) {
  ChangesNetAtStart<"mtu", [](abi::Container* c, int index, const std::string& value) {
    return IsOfType(c, index, kType.value) ? std::string() : value;
  }>(broken);
}

// Interfaces of that type have an MTU that nobody has set.
template <Text kType>
void InventsMtuOf(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    Changes changes;
    for (const int index : Interfaces(c)) {
      const std::string key = NetKey(index, "mtu");
      if (IsOfType(c, index, kType.value) && Item(c, key.c_str()).empty()) {
        changes.emplace_back(key, "1300");
      }
    }
    return StartWith(c, use_init, argv, changes);
  };
}

bool IsNoNumber(std::string_view) { return true; }

const Faults kFaults{
    {spec::network_phys_macvlan_mtu::kAnnounced, "denied", "the extension is not announced",
     Denies<"network_phys_macvlan_mtu">},
    {spec::network_phys_macvlan_mtu::kKeyReadsBack, "other", "the key reads as 1500",
     ReadsNetBackAs<"mtu", "1500">},
    {spec::network_phys_macvlan_mtu::kKeyReadsBack, "kept", "a cleared key is kept",
     KeepsNetWhenCleared<"mtu">},
    {spec::network_phys_macvlan_mtu::kKeyReadsBack, "empty-ignored",
     "the empty string keeps the key", KeepsNetWhenEmpty<"mtu">},
    {spec::network_phys_macvlan_mtu::kMacvlan, "ignored",
     "macvlan interfaces have no MTU of their own", ForgetsMtuOf<"macvlan">},
    {spec::network_phys_macvlan_mtu::kMacvlan, "one-less", "the MTU is one less",
     ChangesNetAtStart<"mtu",
                       [](abi::Container*, int, const std::string& value) {
                         return std::to_string(std::stoi(value) - 1);
                       }>},
    {spec::network_phys_macvlan_mtu::kMacvlanUnset, "invented", "an unset MTU is 1300",
     InventsMtuOf<"macvlan">},
    {spec::network_phys_macvlan_mtu::kPhys, "ignored", "phys interfaces have no MTU of their own",
     ForgetsMtuOf<"phys">},
    {spec::network_phys_macvlan_mtu::kPhysUnset, "invented", "an unset MTU is 1300",
     InventsMtuOf<"phys">},
    {spec::network_phys_macvlan_mtu::kEachInterface, "first-only",
     "only the first interface's counts", ForgetsLaterNetAtStart<"mtu">},
    {spec::network_phys_macvlan_mtu::kRestart, "once", "a container that is started again has none",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         static bool before = false;
         Changes changes;
         for (const int index : Interfaces(c)) {
           if (before) changes.emplace_back(NetKey(index, "mtu"), "");
         }
         before = true;
         return StartWith(c, use_init, argv, changes);
       };
     }},
    {spec::network_phys_macvlan_mtu::kLimitsPackets, "ignored", "the MTU is not used",
     ForgetsNetAtStart<"mtu">},
    {spec::network_phys_macvlan_mtu::kCarriesTraffic, "ipv4-only", "there is no IPv6 address",
     ForgetsNetAtStart<"ipv6.address">},
    {spec::network_phys_macvlan_mtu::kCarriesTraffic, "ipv6-only", "there is no IPv4 address",
     ForgetsNetAtStart<"ipv4.address">},
    {spec::network_phys_macvlan_mtu::kNoNumber, "ignored", "what is no number is taken and ignored",
     AcceptsNetLike<"mtu", IsNoNumber>},
    {spec::network_phys_macvlan_mtu::kAboveParent, "ignored", "a container starts without its MTU",
     ForgetsNetAtStart<"mtu">},
    {spec::network_phys_macvlan_mtu::kNotTaken, "ignored", "a container starts without its MTU",
     ForgetsNetAtStart<"mtu">},
    {spec::network_phys_macvlan_mtu::kNoSuchLink, "pretended", "a start that fails succeeds",
     PretendsToStart},
};

}  // namespace
}  // namespace lxcspec::faults
