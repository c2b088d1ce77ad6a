// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/network_veth_router.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>

#include "runtime/kernel/network_sysctl.h"

namespace lxcspec::runtime {
namespace {

bool HasFamily(const std::vector<IpAddress>& addresses, int family) {
  return std::any_of(addresses.begin(), addresses.end(),
                     [&](const IpAddress& address) { return address.family == family; });
}

}  // namespace

Status CheckVethRouter(const VethRouter& router) {
  if (!HasFamily(router.gateways, AF_INET6)) return {};
  // network_veth_router.needs_ipv6_forwarding
  // One device's forwarding alone does not make a router of version 6.
  return RequireNetworkSysctl("net/ipv6/conf/all/forwarding", "1");
}

Status SetUpVethRouter(NetlinkSocket& host, int device, const std::string& name,
                       const VethRouter& router) {
  if (HasFamily(router.gateways, AF_INET)) {
    TRY(SetNetworkSysctl(fmt::format("net/ipv4/conf/{}/forwarding", name), "1"));
  }
  if (HasFamily(router.gateways, AF_INET6)) {
    TRY(SetNetworkSysctl(fmt::format("net/ipv6/conf/{}/forwarding", name), "1"));
    TRY(SetNetworkSysctl(fmt::format("net/ipv6/conf/{}/proxy_ndp", name), "1"));
  }
  // network_veth_router.ipv4_routes network_veth_router.ipv6_routes network_veth_router.no_ipv6
  for (const IpAddress& address : router.addresses) {
    TRY(AddRoute(host, {.destination = IpPrefix::Whole(address), .gateway = {}, .device = device}));
  }
  // network_veth_router.ipv4_gateway_proxy network_veth_router.ipv6_gateway_proxy
  for (const IpAddress& gateway : router.gateways) {
    TRY(AddProxyNeighbour(host, device, gateway));
  }
  return {};
}

}  // namespace lxcspec::runtime
