// SPDX-License-Identifier: Apache-2.0
//
// The VLANs that a port of a bridge is a member of.

#ifndef LXCSPEC_RUNTIME_KERNEL_NETLINK_BRIDGE_VLAN_H_
#define LXCSPEC_RUNTIME_KERNEL_NETLINK_BRIDGE_VLAN_H_

#include <cstdint>

#include "runtime/base/result.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec::runtime {

// Whether what belongs to it has a tag on its way out; what comes without one belongs to the last
// that was added without.
enum class VlanTag { kWith, kWithout };

Status AddPortVlan(NetlinkSocket& socket, int port, uint16_t id, VlanTag tag);
Status DeletePortVlan(NetlinkSocket& socket, int port, uint16_t id);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_NETLINK_BRIDGE_VLAN_H_
