// SPDX-License-Identifier: Apache-2.0
//
// What a network namespace has, as the kernel dumps it: devices, addresses, routes, neighbour
// proxies. All of it is of the calling thread's namespace (net_namespace.h chooses one).

#ifndef LXCSPEC_CONFORMANCE_HARNESS_NETLINK_DUMP_H_
#define LXCSPEC_CONFORMANCE_HARNESS_NETLINK_DUMP_H_

#include <linux/rtnetlink.h>

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "conformance/posix/result.h"

namespace lxcspec {

// Membership of a bridge's port in a VLAN.
struct BridgeVlan {
  uint16_t id = 0;
  bool pvid = false;      // untagged frames that come in are of it
  bool untagged = false;  // its frames go out untagged

  bool operator==(const BridgeVlan&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const BridgeVlan& vlan);
};

struct Link {
  int index = 0;
  std::string name;
  std::string kind;  // "veth"; empty for a device that is of no kind, such as lo
  uint32_t mtu = 0;
  bool up = false;
  std::string hardware_address;  // "02:00:5e:00:00:01"
  int parent = 0;                // the device below, or a veth's peer; 0: none
  int master = 0;                // the bridge that it is a port of; 0: none
  std::optional<uint32_t> macvlan_mode;
  std::optional<uint16_t> ipvlan_mode;
  std::optional<uint16_t> ipvlan_flags;

  friend std::ostream& operator<<(std::ostream& out, const Link& link);
};

struct Address {
  std::string device;
  std::string address;  // "192.0.2.1/24"
  bool tentative = false;

  friend std::ostream& operator<<(std::ostream& out, const Address& address);
};

struct Route {
  std::string destination;  // "192.0.2.0/24"; a default route's is "0.0.0.0/0" or "::/0"
  std::string device;
  std::string gateway;  // empty: none
  uint8_t protocol = RTPROT_BOOT;
  uint8_t scope = RT_SCOPE_LINK;  // IPv6 routes have RT_SCOPE_UNIVERSE, all of them
  uint32_t table = RT_TABLE_MAIN;

  bool operator==(const Route&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Route& route);
};

struct NeighbourProxy {
  std::string device;
  std::string address;

  bool operator==(const NeighbourProxy&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const NeighbourProxy& proxy);
};

Result<std::vector<Link>> DumpLinks();
Result<std::vector<Address>> DumpAddresses();
// Unicast routes that somebody added: none of the kernel's own, and none of the local table.
Result<std::vector<Route>> DumpRoutes();
Result<std::vector<NeighbourProxy>> DumpNeighbourProxies();
// Of one port, by id.
Result<std::vector<BridgeVlan>> DumpBridgeVlans(const std::string& port);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_NETLINK_DUMP_H_
