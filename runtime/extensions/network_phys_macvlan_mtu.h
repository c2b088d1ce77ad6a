// SPDX-License-Identifier: Apache-2.0
//
// The extension network_phys_macvlan_mtu: the MTU of a device that the container gets, and its old
// one when the device comes back. spec/extensions/network_phys_macvlan_mtu.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_PHYS_MACVLAN_MTU_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_PHYS_MACVLAN_MTU_H_

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/base/result.h"
#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec::runtime {

// Of a device in the container. EINVAL for one that the kernel refuses, such as one larger than
// that of the device below.
Status SetDeviceMtu(NetlinkSocket& inside, const Link& device, uint32_t mtu);

// What a device had on the host before it was given away.
struct LentDevice {
  int index = 0;
  std::string name;
  uint32_t mtu = 0;
  // Where it had one.
  std::optional<HardwareAddressBytes> address;
};

// Gives a device that is back its old name, MTU and hardware address. Nothing happens to what is no
// longer there.
Status RestoreDevice(NetlinkSocket& host, const LentDevice& device);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_PHYS_MACVLAN_MTU_H_
