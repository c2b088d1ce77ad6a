// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/netlink/bridge_vlan.h"

#include <fmt/format.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <string>
#include <utility>

namespace lxcspec::runtime {
namespace {

Status ChangePort(NetlinkSocket& socket, uint16_t type, int port, const bridge_vlan_info& vlan,
                  const std::string& attempted) {
  ifinfomsg header = {};
  header.ifi_family = AF_BRIDGE;
  header.ifi_index = port;
  NetlinkRequest request(type, NLM_F_ACK);
  request.Add(header);
  const size_t nest = request.BeginNest(IFLA_AF_SPEC);
  request.AddNumber(IFLA_BRIDGE_VLAN_INFO, vlan);
  request.EndNest(nest);
  return socket.Do(std::move(request), attempted);
}

}  // namespace

Status AddPortVlan(NetlinkSocket& socket, int port, uint16_t id, VlanTag tag) {
  const bridge_vlan_info vlan{
      .flags = static_cast<uint16_t>(
          tag == VlanTag::kWithout ? BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED : 0),
      .vid = id};
  return ChangePort(socket, RTM_SETLINK, port, vlan, fmt::format("add the port to VLAN {}", id));
}

Status DeletePortVlan(NetlinkSocket& socket, int port, uint16_t id) {
  return ChangePort(socket, RTM_DELLINK, port, {.flags = 0, .vid = id},
                    fmt::format("remove the port from VLAN {}", id));
}

}  // namespace lxcspec::runtime
