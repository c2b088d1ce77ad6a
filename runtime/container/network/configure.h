// SPDX-License-Identifier: Apache-2.0
//
// What an interface gets in the container: addresses, and the routes that lead through it.

#ifndef LXCSPEC_RUNTIME_CONTAINER_NETWORK_CONFIGURE_H_
#define LXCSPEC_RUNTIME_CONTAINER_NETWORK_CONFIGURE_H_

#include <optional>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/container/network/networks.h"
#include "runtime/container/network/plan.h"

namespace lxcspec::runtime {

// Where the default route of a family leads: to an address, or just to the interface.
struct DefaultRoute {
  int family = 0;
  std::optional<IpAddress> gateway;
};

// With the link's addresses in the place of `auto`. EADDRNOTAVAIL where it has none.
Result<std::vector<DefaultRoute>> ResolveGateways(Networks& networks,
                                                  const InterfaceRequest& request);

Status ConfigureInside(Networks& networks, const InterfaceRequest& request,
                       const MadeInterface& made, const std::vector<DefaultRoute>& routes);

// The loopback interface.
Status SetLoopbackUp(NetlinkSocket& inside);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_NETWORK_CONFIGURE_H_
