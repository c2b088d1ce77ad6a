// SPDX-License-Identifier: Apache-2.0
//
// The probes that make network devices, each in a namespace that ends with it.

#include <linux/if_link.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "conformance/harness/need_probes.h"
#include "conformance/harness/net_namespace.h"

namespace lxcspec {
namespace {

// A new namespace with the ends `near0` and `far0` of a wire that is up.
Result<NetNamespace> NamespaceWithWire() {
  ASSIGN_OR_RETURN(NetNamespace made, NetNamespace::MakeNew());
  RETURN_IF_ERROR(made.AddVeth("near0", "far0", made));
  RETURN_IF_ERROR(made.SetUp("near0"));
  RETURN_IF_ERROR(made.SetUp("far0"));
  return made;
}

}  // namespace

Result<std::string> ProbeVeth() {
  ASSIGN_OR_RETURN(const NetNamespace made, NamespaceWithWire());
  RETURN_IF_ERROR(made.AddRoute("192.0.2.0/24", "", "near0"));
  RETURN_IF_ERROR(made.AddRoute("2001:db8::/64", "", "near0"));
  return "a veth pair was made, and a route of each family added through one end";
}

Result<std::string> ProbeBridge() {
  ASSIGN_OR_RETURN(const NetNamespace made, NamespaceWithWire());
  RETURN_IF_ERROR(made.AddBridge("br0"));
  RETURN_IF_ERROR(made.SetBridge("near0", "br0"));
  return "a bridge was made, and a veth end became a port of it";
}

Result<std::string> ProbeBridgeVlan() {
  ASSIGN_OR_RETURN(const NetNamespace made, NamespaceWithWire());
  RETURN_IF_ERROR(made.AddBridge("br0", true));
  RETURN_IF_ERROR(made.SetBridge("near0", "br0"));
  RETURN_IF_ERROR(made.AddBridgeVlan("near0", {.id = 7}));
  ASSIGN_OR_RETURN(const std::vector<BridgeVlan> vlans, made.BridgeVlans("near0"));
  const auto is_added = [](const BridgeVlan& vlan) { return vlan.id == 7; };
  if (std::none_of(vlans.begin(), vlans.end(), is_added)) {
    return Fail(EPROTO, "find the VLAN of a bridge's port");
  }
  return "a port of a bridge that filters by VLAN became a tagged member of one";
}

Result<std::string> ProbeMacvlan() {
  ASSIGN_OR_RETURN(const NetNamespace made, NamespaceWithWire());
  RETURN_IF_ERROR(made.AddMacvlan("above0", "near0", MACVLAN_MODE_BRIDGE));
  return "a macvlan device was made on a veth end";
}

Result<std::string> ProbeIpvlan() {
  for (const uint16_t mode : {IPVLAN_MODE_L2, IPVLAN_MODE_L3, IPVLAN_MODE_L3S}) {
    for (const uint16_t isolation : {0, IPVLAN_F_PRIVATE, IPVLAN_F_VEPA}) {
      ASSIGN_OR_RETURN(const NetNamespace made, NamespaceWithWire());
      RETURN_IF_ERROR(made.AddIpvlan("above0", "near0", mode, isolation));
    }
  }
  return "ipvlan devices of each mode and isolation were made on veth ends";
}

Result<std::string> ProbeVlan() {
  ASSIGN_OR_RETURN(const NetNamespace made, NamespaceWithWire());
  RETURN_IF_ERROR(made.AddVlan("above0", "near0", 7));
  return "a VLAN device was made on a veth end";
}

Result<std::string> ProbeNeighbourProxy() {
  ASSIGN_OR_RETURN(const NetNamespace made, NamespaceWithWire());
  RETURN_IF_ERROR(made.AddNeighbourProxy("near0", "192.0.2.1"));
  RETURN_IF_ERROR(made.AddNeighbourProxy("near0", "2001:db8::1"));
  ASSIGN_OR_RETURN(const std::vector<NeighbourProxy> proxies, made.NeighbourProxies());
  for (const char* address : {"192.0.2.1", "2001:db8::1"}) {
    const NeighbourProxy wanted{.device = "near0", .address = address};
    if (std::find(proxies.begin(), proxies.end(), wanted) == proxies.end()) {
      return Fail(EPROTO, std::string("find the neighbour proxy for ") + address);
    }
  }
  return "a neighbour proxy of each family was added to a veth end";
}

}  // namespace lxcspec
