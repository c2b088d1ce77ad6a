// SPDX-License-Identifier: Apache-2.0
//
// The container's network interfaces as plain values, made from the configuration before anything
// is cloned: what can be refused by looking is refused then.

#ifndef LXCSPEC_RUNTIME_CONTAINER_NETWORK_PLAN_H_
#define LXCSPEC_RUNTIME_CONTAINER_NETWORK_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/config/config.h"
#include "runtime/extensions/network_bridge_vlan.h"
#include "runtime/extensions/network_ipvlan.h"
#include "runtime/kernel/netlink/address.h"

namespace lxcspec::runtime {

enum class InterfaceType { kNone, kEmpty, kVeth, kMacvlan, kIpvlan, kPhys, kVlan };

struct InterfaceAddress {
  IpPrefix prefix;
  // Of version 4 only.
  std::optional<IpAddress> broadcast;
};

enum class GatewayKind {
  // The first address of the link.
  kAuto,
  // The interface itself.
  kDevice,
  kAddress,
};

struct InterfaceGateway {
  int family = 0;
  GatewayKind kind = GatewayKind::kAddress;
  // Of kAddress.
  IpAddress address;
};

struct VethPlan {
  // The name on the host; empty: made up.
  std::string pair;
  bool routes_on_host = false;
  std::vector<IpPrefix> routes;
  PortVlans vlans;
  uint32_t rx_queues = 0;
  uint32_t tx_queues = 0;
};

struct InterfacePlan {
  // lxc.net.3
  std::string key;
  InterfaceType type = InterfaceType::kEmpty;
  std::string type_name;
  std::string link;
  // Inside; empty: the first of eth0, eth1, ... that is free; of a phys device: that on the host.
  std::string name;
  // With an x where a random digit goes; empty: the kernel's choice.
  std::string hardware_address;
  // 0: what the kernel or the link has.
  uint32_t mtu = 0;
  bool up = false;
  bool l2proxy = false;
  std::vector<InterfaceAddress> addresses;
  std::vector<InterfaceGateway> gateways;
  VethPlan veth;
  std::string macvlan_mode;
  IpvlanSettings ipvlan;
  uint16_t vlan_id = 0;
  std::string script_up;
  std::string script_down;
};

struct NetworkPlan {
  // The container's place, for programs that want to know.
  std::string lxcpath;
  std::string name;
  std::vector<InterfacePlan> interfaces;
};

// Who starts it: whether he may make devices on the host himself.
enum class NetworkRights { kHost, kOwn };
NetworkRights OwnNetworkRights();

// `lxc.net.<index>` of all interfaces, in the order of their indices.
std::vector<std::string> NetworkSlots(const Config& config);

// EINVAL for what makes no sense, ENOSYS for an extension that is switched off, EPERM for what
// needs rights on the host; the error names the key.
Result<NetworkPlan> PlanNetwork(const Config& config, NetworkRights rights = OwnNetworkRights());

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_NETWORK_PLAN_H_
