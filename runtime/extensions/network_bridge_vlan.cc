// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/network_bridge_vlan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "runtime/kernel/netlink/bridge_vlan.h"

namespace lxcspec::runtime {

Status CheckBridgeVlans(const Link& bridge, const PortVlans& vlans) {
  if (vlans.empty()) return {};
  if (bridge.kind != "bridge") {
    return Failure(EINVAL, fmt::format("VLANs: {} is no bridge", bridge.name));
  }
  // network_bridge_vlan.not_filtering
  if (!bridge.vlan_filtering) {
    return Failure(EPERM, fmt::format("VLANs: vlan_filtering of {} is not 1", bridge.name));
  }
  // network_bridge_vlan.same_id_twice
  const bool both = vlans.untagged && std::find(vlans.tagged.begin(), vlans.tagged.end(),
                                                *vlans.untagged) != vlans.tagged.end();
  if (!both) return {};
  return Failure(EINVAL, fmt::format("VLAN {} with a tag and without", *vlans.untagged));
}

Status SetPortVlans(NetlinkSocket& host, const Link& bridge, int port, const PortVlans& vlans) {
  const bool replaced = vlans.untagged && *vlans.untagged != bridge.default_vlan;
  // network_bridge_vlan.none network_bridge_vlan.untagged network_bridge_vlan.untagged_default
  if (bridge.default_vlan != 0 && (vlans.leave_default || replaced)) {
    TRY(DeletePortVlan(host, port, bridge.default_vlan));
  }
  if (vlans.untagged) TRY(AddPortVlan(host, port, *vlans.untagged, VlanTag::kWithout));
  // network_bridge_vlan.tagged
  for (const uint16_t id : vlans.tagged) TRY(AddPortVlan(host, port, id, VlanTag::kWith));
  return {};
}

}  // namespace lxcspec::runtime
