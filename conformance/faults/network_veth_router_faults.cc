// SPDX-License-Identifier: Apache-2.0

#include "conformance/faults/networks.h"

namespace lxcspec::faults {
namespace {

const Faults kFaults{
    {spec::network_veth_router::kAnnounced, "denied", "the extension is not announced",
     Denies<"network_veth_router">},
    {spec::network_veth_router::kModeReadsBack, "bridge", "the mode reads as bridge",
     ReadsNetBackAs<"veth.mode", "bridge">},
    {spec::network_veth_router::kModeReadsBack, "router", "the mode reads as router",
     ReadsNetBackAs<"veth.mode", "router">},
    {spec::network_veth_router::kModeCleared, "kept", "a cleared mode is kept",
     KeepsNetWhenCleared<"veth.mode">},
    {spec::network_veth_router::kModeCleared, "empty-ignored", "the empty string keeps the mode",
     KeepsNetWhenEmpty<"veth.mode">},
    {spec::network_veth_router::kIpv4Routes, "ignored", "the mode is always bridge",
     ForgetsNetAtStart<"veth.mode">},
    {spec::network_veth_router::kIpv4Routes, "first-address", "only the first address has a route",
     FirstValueAtStart<"ipv4.address">},
    {spec::network_veth_router::kIpv6Routes, "ignored", "the mode is always bridge",
     ForgetsNetAtStart<"veth.mode">},
    {spec::network_veth_router::kIpv6Routes, "first-address", "only the first address has a route",
     FirstValueAtStart<"ipv6.address">},
    {spec::network_veth_router::kEachInterface, "first-only",
     "only the first interface can be router", ForgetsLaterNetAtStart<"veth.mode">},
    {spec::network_veth_router::kIpv4GatewayProxy, "none", "there is no IPv4 proxy entry",
     ForgetsNetAtStart<"ipv4.gateway">},
    {spec::network_veth_router::kIpv6GatewayProxy, "none", "there is no IPv6 proxy entry",
     ForgetsNetAtStart<"ipv6.gateway">},
    {spec::network_veth_router::kBridgeMode, "router", "bridge mode is as router mode",
     AddsNetAtStart<"veth.mode", "router">},
    {spec::network_veth_router::kNotOnBridge, "on-it", "router mode is as bridge mode",
     ForgetsNetAtStart<"veth.mode">},
    {spec::network_veth_router::kReachesHost, "ipv4-only", "there is no IPv6 gateway",
     ForgetsNetAtStart<"ipv6.gateway">},
    {spec::network_veth_router::kReachesHost, "ipv6-only", "there is no IPv4 gateway",
     ForgetsNetAtStart<"ipv4.gateway">},
    {spec::network_veth_router::kReachesBeyond, "ipv4-only", "there is no IPv6 gateway",
     ForgetsNetAtStart<"ipv6.gateway">},
    {spec::network_veth_router::kReachesBeyond, "ipv6-only", "there is no IPv4 gateway",
     ForgetsNetAtStart<"ipv4.gateway">},
    {spec::network_veth_router::kModeRefused, "anything", "every mode is taken",
     AcceptsNet<"veth.mode">},
    {spec::network_veth_router::kModeRefused, "cleared", "a refused mode clears the key",
     ClearsNetWhenRefusing<"veth.mode">},
    {spec::network_veth_router::kOtherTypes, "taken", "other types take the key",
     AcceptsNet<"veth.mode">},
    {spec::network_veth_router::kNeedsIpv6Forwarding, "ignored",
     "a container starts without its gateway", ForgetsNetAtStart<"ipv6.gateway">},
    {spec::network_veth_router::kNoIpv6, "ignored", "a container starts without its IPv6 address",
     ForgetsNetAtStart<"ipv6.address">},
};

}  // namespace
}  // namespace lxcspec::faults
