// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/network_veth_routes.h"

namespace lxcspec::runtime {

Status AddVethRoutes(NetlinkSocket& host, int device, const std::vector<IpPrefix>& routes) {
  for (const IpPrefix& route : routes) {
    TRY(AddRoute(host, {.destination = route, .gateway = {}, .device = device}));
  }
  return {};
}

}  // namespace lxcspec::runtime
