// SPDX-License-Identifier: Apache-2.0
//
// Interfaces on top of a device of the host: macvlan, ipvlan, vlan. They are the container's from
// the first moment on, and nothing of them is seen on the host.

#ifndef LXCSPEC_RUNTIME_CONTAINER_NETWORK_STACKED_H_
#define LXCSPEC_RUNTIME_CONTAINER_NETWORK_STACKED_H_

#include "runtime/base/result.h"
#include "runtime/container/network/networks.h"

namespace lxcspec::runtime {

Status MakeMacvlan(Networks& networks, const InterfaceRequest& request);
Status MakeIpvlan(Networks& networks, const InterfaceRequest& request);
Status MakeVlan(Networks& networks, const InterfaceRequest& request);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_NETWORK_STACKED_H_
