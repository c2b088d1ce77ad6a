// SPDX-License-Identifier: Apache-2.0
//
// The extension network_veth_router: a veth device whose host side routes to the container, instead
// of being a port of a bridge. spec/extensions/network_veth_router.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_VETH_ROUTER_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_VETH_ROUTER_H_

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/kernel/netlink/address.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec::runtime {

// What the host knows of the container's interface.
struct VethRouter {
  std::vector<IpAddress> addresses;
  // Those that the host answers for.
  std::vector<IpAddress> gateways;
};

// Whether the host forwards what the container sends. The error names the sysctl.
Status CheckVethRouter(const VethRouter& router);

// On the pair's end of the host, which is up: a route to each of the addresses, and proxies for the
// gateways. All of it goes with the device.
Status SetUpVethRouter(NetlinkSocket& host, int device, const std::string& name,
                       const VethRouter& router);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_VETH_ROUTER_H_
