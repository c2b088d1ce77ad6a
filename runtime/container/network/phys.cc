// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/network/phys.h"

#include <fmt/format.h>

#include <cerrno>

#include "runtime/extensions/network_phys_macvlan_mtu.h"

namespace lxcspec::runtime {

Status LendDevice(Networks& networks, const InterfaceRequest& request) {
  const Link& device = *request.link;
  // The kernel would move it first, and then fail to name it.
  if (FindLink(networks.inside, request.name)) {
    return Failure(EEXIST, fmt::format("name {} {}", device.name, request.name));
  }
  TRY(networks.traces.Add({.kind = HostTraceKind::kLent,
                           .network = networks.host_number,
                           .device = device.index,
                           .name = device.name,
                           .mtu = device.mtu,
                           .hardware_address = device.address}));
  return ChangeLink(networks.host, device.index,
                    {.name = request.name, .network = networks.inside_namespace.get()},
                    fmt::format("move the network device {} to the container", device.name));
}

Status TakeBack(Networks& networks, const HostTrace& lent, int index_inside) {
  const auto device = FindLink(networks.inside, index_inside);
  if (!device) {
    // Deleted, or never moved.
    return RemoveHostTrace(networks.host, lent);
  }
  TRY(ChangeLink(networks.inside, index_inside,
                 {.name = lent.name, .network = networks.host_namespace.get()},
                 fmt::format("move the network device {} back", lent.name)));
  const auto back = FindLink(networks.host, lent.name);
  if (!back) return Forward(back.error());
  // It may have got another number on its way.
  return RestoreDevice(
      networks.host,
      {.index = back->index, .name = lent.name, .mtu = lent.mtu, .address = lent.hardware_address});
}

}  // namespace lxcspec::runtime
