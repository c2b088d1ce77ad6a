// SPDX-License-Identifier: Apache-2.0

#include "conformance/faults/networks.h"

namespace lxcspec::faults {
namespace {

const Faults kFaults{
    {spec::network_l2proxy::kAnnounced, "denied", "the extension is not announced",
     Denies<"network_l2proxy">},
    {spec::network_l2proxy::kKeyReadsBack, "zero", "the key always reads as 0",
     ReadsNetBackAs<"l2proxy", "0">},
    {spec::network_l2proxy::kKeyReadsBack, "kept", "a cleared key is kept",
     KeepsNetWhenCleared<"l2proxy">},
    {spec::network_l2proxy::kKeyReadsBack, "empty-ignored", "the empty string keeps the key",
     KeepsNetWhenEmpty<"l2proxy">},
    {spec::network_l2proxy::kIpv4, "ignored", "there are no proxy entries",
     ForgetsNetAtStart<"l2proxy">},
    {spec::network_l2proxy::kIpv4, "first-only", "only the first address has an entry",
     FirstValueAtStart<"ipv4.address">},
    {spec::network_l2proxy::kIpv6, "ignored", "there are no proxy entries",
     ForgetsNetAtStart<"l2proxy">},
    {spec::network_l2proxy::kIpv6, "first-only", "only the first address has an entry",
     FirstValueAtStart<"ipv6.address">},
    {spec::network_l2proxy::kEachInterface, "first-only", "only the first interface has entries",
     ForgetsLaterNetAtStart<"l2proxy">},
    {spec::network_l2proxy::kEachInterface, "every", "an interface without the key has entries",
     AddsNetAtStart<"l2proxy", "1">},
    {spec::network_l2proxy::kIpvlan, "veth-only", "ipvlan interfaces have no entries",
     ChangesNetAtStart<"l2proxy",
                       [](abi::Container* c, int index, const std::string& value) {
                         const bool veth = Item(c, NetKey(index, "type").c_str()) == "veth";
                         return veth ? value : std::string();
                       }>},
    {spec::network_l2proxy::kCarriesTraffic, "none", "there are no proxy entries",
     ForgetsNetAtStart<"l2proxy">},
    {spec::network_l2proxy::kKeyRefused, "anything", "every value is taken", AcceptsNet<"l2proxy">},
    {spec::network_l2proxy::kKeyRefused, "cleared", "a refused value clears the key",
     ClearsNetWhenRefusing<"l2proxy">},
    {spec::network_l2proxy::kNeedsSysctls, "ignored", "a container starts without its entries",
     ForgetsNetAtStart<"l2proxy">},
    {spec::network_l2proxy::kNeedsLink, "ignored", "a container starts without its entries",
     ForgetsNetAtStart<"l2proxy">},
    {spec::network_l2proxy::kNoSuchLink, "ignored", "a container starts without its entries",
     ForgetsNetAtStart<"l2proxy">},
};

}  // namespace
}  // namespace lxcspec::faults
