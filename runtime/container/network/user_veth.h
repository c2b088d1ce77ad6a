// SPDX-License-Identifier: Apache-2.0
//
// Interfaces of type veth of users who can make no devices on the host: lxc-user-nic(1) makes them,
// as far as lxc-usernet(5) allows.

#ifndef LXCSPEC_RUNTIME_CONTAINER_NETWORK_USER_VETH_H_
#define LXCSPEC_RUNTIME_CONTAINER_NETWORK_USER_VETH_H_

#include "runtime/base/result.h"
#include "runtime/container/network/networks.h"

namespace lxcspec::runtime {

// The host's end is up, and a port of the bridge where there is one. It goes with the other end.
// EPERM where that is not allowed, with the program's reason; ENOENT where it is not installed.
Status MakeUserVeth(const Networks& networks, const InterfaceRequest& request, MadeInterface& made);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_NETWORK_USER_VETH_H_
