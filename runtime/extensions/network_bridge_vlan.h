// SPDX-License-Identifier: Apache-2.0
//
// The extension network_bridge_vlan: the VLANs of a veth device's port on a bridge.
// spec/extensions/network_bridge_vlan.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_BRIDGE_VLAN_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_BRIDGE_VLAN_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec::runtime {

struct PortVlans {
  // Leaves the one that the bridge gives to every new port.
  bool leave_default = false;
  // The one of what comes and goes without a tag.
  std::optional<uint16_t> untagged;
  std::vector<uint16_t> tagged;

  bool empty() const { return !leave_default && !untagged && tagged.empty(); }
};

// Whether the bridge filters by VLAN, without which they mean nothing: EPERM.
Status CheckBridgeVlans(const Link& bridge, const PortVlans& vlans);

// Of a port that is attached to the bridge.
Status SetPortVlans(NetlinkSocket& host, const Link& bridge, int port, const PortVlans& vlans);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_BRIDGE_VLAN_H_
