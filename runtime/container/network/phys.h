// SPDX-License-Identifier: Apache-2.0
//
// Interfaces of type phys: a device of the host that the container has as long as it runs.

#ifndef LXCSPEC_RUNTIME_CONTAINER_NETWORK_PHYS_H_
#define LXCSPEC_RUNTIME_CONTAINER_NETWORK_PHYS_H_

#include "runtime/base/result.h"
#include "runtime/container/network/networks.h"

namespace lxcspec::runtime {

Status LendDevice(Networks& networks, const InterfaceRequest& request);

// Brings it back from the container, whatever its name is there, with its old name, MTU and
// hardware address.
Status TakeBack(Networks& networks, const HostTrace& lent, int index_inside);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_NETWORK_PHYS_H_
