// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/network_veth_routes.h"

namespace lxcspec::runtime {

Status AddVethRoutes(NetlinkSocket& host, int device, const std::vector<IpPrefix>& routes) {
  // network_veth_routes.ipv4 network_veth_routes.ipv6
  // network_veth_routes.host_bits network_veth_routes.existing_route network_veth_routes.no_ipv6
  for (const IpPrefix& route : routes) {
    TRY(AddRoute(host, {.destination = route, .gateway = {}, .device = device}));
  }
  return {};
}

}  // namespace lxcspec::runtime
