// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/network/veth.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include "runtime/extensions/network_bridge_vlan.h"
#include "runtime/extensions/network_veth_routes.h"

namespace lxcspec::runtime {
namespace {

constexpr int kTries = 16;

Result<HardwareAddressBytes> Random() {
  HardwareAddressBytes bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return ErrnoFailure("getrandom()");
  }
  return bytes;
}

// Above all others: a bridge takes the lowest of its ports' addresses for its own, and would change
// it with each container.
Result<HardwareAddressBytes> HostAddress() {
  auto address = Random();
  if (address) address->front() = 0xfe;
  return address;
}

Result<std::string> MadeUpName() {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const auto random = Random();
  if (!random) return Forward(random.error());
  std::string name = "veth";
  for (const uint8_t byte : *random) name += kLetters[byte % kLetters.size()];
  return name;
}

LinkSettings Settings(const InterfaceRequest& request) {
  LinkSettings settings{.name = request.name,
                        .address = request.address,
                        .mtu = request.plan.mtu,
                        .rx_queues = request.plan.veth.rx_queues,
                        .tx_queues = request.plan.veth.tx_queues};
  // What goes through a bridge must fit into each of its ports.
  if (settings.mtu == 0 && request.link) settings.mtu = request.link->mtu;
  return settings;
}

// Under the name that was asked for, or one that is free.
Status MakePair(Networks& networks, const InterfaceRequest& request, MadeInterface& made) {
  LinkSettings inside = Settings(request);
  inside.network = networks.inside_namespace.get();
  LinkSettings host = Settings(request);
  const auto address = HostAddress();
  if (!address) return Forward(address.error());
  host.address = *address;
  Status done;
  for (int tries = 0; tries < kTries; ++tries) {
    host.name = request.plan.veth.pair;
    if (host.name.empty()) {
      auto name = MadeUpName();
      if (!name) return Forward(std::move(name).error());
      host.name = *std::move(name);
    }
    done = CreateVeth(networks.host, host, inside);
    const bool again = !done && done.error().code == EEXIST && request.plan.veth.pair.empty();
    if (!again) break;
  }
  TRY(done);
  made.host_name = host.name;
  return {};
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
  if (bridged) TRY(CheckBridgeVlans(*request.link, request.plan.veth.vlans));
  TRY(MakePair(networks, request, made));
  const auto host = FindLink(networks.host, made.host_name);
  if (!host) return Forward(host.error());
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
