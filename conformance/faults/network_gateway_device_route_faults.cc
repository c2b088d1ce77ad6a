// SPDX-License-Identifier: Apache-2.0

#include "conformance/faults/networks.h"

namespace lxcspec::faults {
namespace {

const Faults kFaults{
    {spec::network_gateway_device_route::kAnnounced, "denied", "the extension is not announced",
     Denies<"network_gateway_device_route">},
    {spec::network_gateway_device_route::kKeyReadsBack, "auto", "dev is taken for auto",
     MistakesNet<"ipv4.gateway", "dev", "auto">},
    {spec::network_gateway_device_route::kKeyReadsBack, "ipv6-auto",
     "dev is taken for auto, for IPv6", MistakesNet<"ipv6.gateway", "dev", "auto">},
    {spec::network_gateway_device_route::kLastValueCounts, "first", "once dev, always dev",
     [](Broken& broken) {
       broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
         const bool gateway = IsNetKey(key, "ipv4.gateway") || IsNetKey(key, "ipv6.gateway");
         if (gateway && value != nullptr && *value != '\0' && Item(c, key) == "dev") return true;
         return Original().set_config_item(c, key, value);
       };
     }},
    {spec::network_gateway_device_route::kCleared, "kept", "a cleared IPv4 gateway is kept",
     KeepsNetWhenCleared<"ipv4.gateway">},
    {spec::network_gateway_device_route::kCleared, "ipv6-kept", "a cleared IPv6 gateway is kept",
     KeepsNetWhenCleared<"ipv6.gateway">},
    {spec::network_gateway_device_route::kCleared, "empty-ignored", "the empty string keeps it",
     KeepsNetWhenEmpty<"ipv4.gateway">},
    {spec::network_gateway_device_route::kIpv4, "none", "there is no IPv4 default route",
     ForgetsNetAtStart<"ipv4.gateway">},
    {spec::network_gateway_device_route::kIpv6, "none", "there is no IPv6 default route",
     ForgetsNetAtStart<"ipv6.gateway">},
    {spec::network_gateway_device_route::kEachInterface, "first-only",
     "only the first interface's counts", ForgetsLaterNetAtStart<"ipv4.gateway">},
    {spec::network_gateway_device_route::kEachInterface, "ipv6-first-only", "the same for IPv6",
     ForgetsLaterNetAtStart<"ipv6.gateway">},
    {spec::network_gateway_device_route::kOverridesEarlierAddress, "dev", "an address is as dev",
     ChangesNetAtStart<"ipv4.gateway", [](abi::Container*, int,
                                          const std::string&) { return std::string("dev"); }>},
    {spec::network_gateway_device_route::kCarriesTraffic, "ipv4-only",
     "there is no IPv6 default route", ForgetsNetAtStart<"ipv6.gateway">},
    {spec::network_gateway_device_route::kCarriesTraffic, "ipv6-only",
     "there is no IPv4 default route", ForgetsNetAtStart<"ipv4.gateway">},
    {spec::network_gateway_device_route::kRefusedValues, "anything", "every IPv4 gateway is taken",
     AcceptsNet<"ipv4.gateway">},
    {spec::network_gateway_device_route::kRefusedValues, "ipv6-anything",
     "every IPv6 gateway is taken", AcceptsNet<"ipv6.gateway">},
    {spec::network_gateway_device_route::kRefusedValues, "cleared",
     "a refused value clears the key", ClearsNetWhenRefusing<"ipv4.gateway">},
    {spec::network_gateway_device_route::kNeedsUp, "ignored",
     "a container starts without its route",
     ChangesNetAtStart<"ipv4.gateway",
                       [](abi::Container* c, int index, const std::string& value) {
                         const bool up = Item(c, NetKey(index, "flags").c_str()) == "up";
                         return up ? value : std::string();
                       }>},
    {spec::network_gateway_device_route::kWithoutAddress, "ignored",
     "a container starts without its route",
     ChangesNetAtStart<"ipv4.gateway",
                       [](abi::Container* c, int index, const std::string& value) {
                         return Item(c, NetKey(index, "ipv4.address").c_str()).empty()
                                    ? std::string()
                                    : value;
                       }>},
    {spec::network_gateway_device_route::kNoIpv6, "ignored", "a container starts without its route",
     ForgetsNetAtStart<"ipv6.gateway">},
};

}  // namespace
}  // namespace lxcspec::faults
