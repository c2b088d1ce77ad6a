// SPDX-License-Identifier: Apache-2.0
//
// The extension network_gateway_device_route: a default route that leads to a device, not to a
// gateway. spec/extensions/network_gateway_device_route.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_GATEWAY_DEVICE_ROUTE_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_GATEWAY_DEVICE_ROUTE_H_

#include "runtime/base/result.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec::runtime {

// In the network namespace of the device, which is up and has an address of the family.
Status AddGatewayDeviceRoute(NetlinkSocket& inside, int device, int family);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_GATEWAY_DEVICE_ROUTE_H_
