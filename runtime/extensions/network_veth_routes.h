// SPDX-License-Identifier: Apache-2.0
//
// The extension network_veth_routes: routes on the host that lead to a veth device of the
// container. spec/extensions/network_veth_routes.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_VETH_ROUTES_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_VETH_ROUTES_H_

#include <vector>

#include "runtime/base/result.h"
#include "runtime/kernel/netlink/address.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec::runtime {

// Adds them to the host's table `main`, by the pair's end there, which is up. They go with it.
Status AddVethRoutes(NetlinkSocket& host, int device, const std::vector<IpPrefix>& routes);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_VETH_ROUTES_H_
