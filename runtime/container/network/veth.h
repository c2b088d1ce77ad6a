// SPDX-License-Identifier: Apache-2.0
//
// Interfaces of type veth: a pair of devices, one of which stays on the host.

#ifndef LXCSPEC_RUNTIME_CONTAINER_NETWORK_VETH_H_
#define LXCSPEC_RUNTIME_CONTAINER_NETWORK_VETH_H_

#include "runtime/base/result.h"
#include "runtime/container/network/networks.h"

namespace lxcspec::runtime {

// Both ends; that of the host is a port of the bridge where there is one, and up.
Status MakeVeth(Networks& networks, const InterfaceRequest& request, MadeInterface& made);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_NETWORK_VETH_H_
