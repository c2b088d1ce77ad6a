// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/network_gateway_device_route.h"

#include "runtime/kernel/netlink/address.h"

namespace lxcspec::runtime {

Status AddGatewayDeviceRoute(NetlinkSocket& inside, int device, int family) {
  const IpPrefix everything{.address = {.family = family, .bytes = {}}, .length = 0};
  // network_gateway_device_route.ipv4 network_gateway_device_route.ipv6
  // network_gateway_device_route.no_ipv6
  return AddRoute(inside, {.destination = everything, .gateway = {}, .device = device});
}

}  // namespace lxcspec::runtime
