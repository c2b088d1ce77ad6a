// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/network/veth.h"

#include <fmt/format.h>

#include <string>

#include "runtime/extensions/network_bridge_vlan.h"
#include "runtime/extensions/network_veth_routes.h"
#include "runtime/kernel/netlink/veth.h"

namespace lxcspec::runtime {
namespace {

// What both ends have.
LinkSettings Settings(const InterfaceRequest& request) {
  LinkSettings settings{.mtu = request.plan.mtu,
                        .rx_queues = request.plan.veth.rx_queues,
                        .tx_queues = request.plan.veth.tx_queues};
  // What goes through a bridge must fit into each of its ports.
  if (settings.mtu == 0 && request.link) settings.mtu = request.link->mtu;
  return settings;
}

Status AttachToBridge(Networks& networks, const InterfaceRequest& request,
                      const MadeInterface& made) {
  const Link& bridge = *request.link;
  TRY(ChangeLink(networks.host, made.host_index, {.master = bridge.index},
                 fmt::format("make {} a port of {}", made.host_name, bridge.name)));
  return SetPortVlans(networks.host, bridge, made.host_index, request.plan.veth.vlans);
}

}  // namespace

Status MakeVeth(Networks& networks, const InterfaceRequest& request, MadeInterface& made) {
  // network_veth_router.not_on_bridge network_veth_router.bridge_mode
  const bool bridged = request.link && !request.plan.veth.routes_on_host;
  if (bridged) TRY(CheckBridge(*request.link));
  if (bridged) TRY(CheckBridgeVlans(*request.link, request.plan.veth.vlans));
  LinkSettings inside = Settings(request);
  inside.name = request.name;
  inside.address = request.address;
  inside.network = networks.inside_namespace.get();
  LinkSettings on_host = Settings(request);
  on_host.name = request.plan.veth.pair;
  const auto host = CreateVethOnHost(networks.host, on_host, inside);
  if (!host) return Forward(host.error());
  made.host_name = host->name;
  made.host_index = host->index;
  TRY(networks.traces.Add({.kind = HostTraceKind::kMade,
                           .network = networks.host_number,
                           .device = host->index,
                           .name = host->name}));
  if (bridged) TRY(AttachToBridge(networks, request, made));
  TRY(ChangeLink(networks.host, host->index, {.up = true}, fmt::format("set {} up", host->name)));
  return AddVethRoutes(networks.host, host->index, request.plan.veth.routes);
}

}  // namespace lxcspec::runtime
