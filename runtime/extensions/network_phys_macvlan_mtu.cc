// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/network_phys_macvlan_mtu.h"

#include <fmt/format.h>

#include <cerrno>

namespace lxcspec::runtime {

Status SetDeviceMtu(NetlinkSocket& inside, const Link& device, uint32_t mtu) {
  // network_phys_macvlan_mtu.macvlan network_phys_macvlan_mtu.phys
  // network_phys_macvlan_mtu.above_parent network_phys_macvlan_mtu.not_taken
  return ChangeLink(inside, device.index, {.mtu = mtu},
                    fmt::format("set the MTU of {} to {}", device.name, mtu));
}

Status RestoreDevice(NetlinkSocket& host, const LentDevice& device) {
  const auto back = FindLink(host, device.index);
  if (!back && back.error().code == ENODEV) return {};
  if (!back) return Forward(back.error());
  // network_phys_macvlan_mtu.phys_comes_back network_phys_macvlan_mtu.phys_changed_inside
  if (back->mtu != device.mtu) {
    TRY(ChangeLink(host, device.index, {.mtu = device.mtu},
                   fmt::format("set the MTU of {} back to {}", back->name, device.mtu)));
  }
  // network_phys_macvlan_mtu.phys_hwaddr_comes_back
  if (device.address && back->address != device.address) {
    TRY(ChangeLink(host, device.index, {.address = device.address},
                   fmt::format("set the hardware address of {} back to {}", back->name,
                               HardwareAddressText(*device.address))));
  }
  if (back->name == device.name) return {};
  return ChangeLink(host, device.index, {.name = device.name},
                    fmt::format("name {} {} again", back->name, device.name));
}

}  // namespace lxcspec::runtime
