// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/network/stacked.h"

#include <linux/if_link.h>

#include <string>

#include "runtime/extensions/network_ipvlan.h"

namespace lxcspec::runtime {
namespace {

uint32_t MacvlanModeNumber(const std::string& mode) {
  if (mode == "vepa") return MACVLAN_MODE_VEPA;
  if (mode == "bridge") return MACVLAN_MODE_BRIDGE;
  if (mode == "passthru") return MACVLAN_MODE_PASSTHRU;
  return MACVLAN_MODE_PRIVATE;
}

LinkSettings Settings(const Networks& networks, const InterfaceRequest& request) {
  return {
      .name = request.name, .address = request.address, .network = networks.inside_namespace.get()};
}

}  // namespace

Status MakeMacvlan(Networks& networks, const InterfaceRequest& request) {
  return CreateLink(networks.host, "macvlan", request.link->index, Settings(networks, request),
                    [&](NetlinkRequest& data) {
                      data.AddNumber(IFLA_MACVLAN_MODE,
                                     MacvlanModeNumber(request.plan.macvlan_mode));
                    });
}

Status MakeIpvlan(Networks& networks, const InterfaceRequest& request) {
  LinkSettings settings = Settings(networks, request);
  // It has that of the device below; another one is refused where it is set.
  settings.address.reset();
  return CreateIpvlan(networks.host, request.link->index, settings, request.plan.ipvlan);
}

Status MakeVlan(Networks& networks, const InterfaceRequest& request) {
  return CreateLink(
      networks.host, "vlan", request.link->index, Settings(networks, request),
      [&](NetlinkRequest& data) { data.AddNumber(IFLA_VLAN_ID, request.plan.vlan_id); });
}

}  // namespace lxcspec::runtime
