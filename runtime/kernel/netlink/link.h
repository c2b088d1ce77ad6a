// SPDX-License-Identifier: Apache-2.0
//
// Network devices: found, made, changed, moved, deleted.

#ifndef LXCSPEC_RUNTIME_KERNEL_NETLINK_LINK_H_
#define LXCSPEC_RUNTIME_KERNEL_NETLINK_LINK_H_

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec::runtime {

using HardwareAddressBytes = std::array<uint8_t, 6>;

// What the kernel says of a device.
struct Link {
  int index = 0;
  std::string name;
  // IFF_*
  unsigned int flags = 0;
  uint32_t mtu = 0;
  // The bridge that it is a port of; 0: none.
  int master = 0;
  // "veth", "bridge", ...; empty for hardware.
  std::string kind;
  // Of a bridge only.
  bool vlan_filtering = false;
  uint16_t default_vlan = 0;
};

// What an RTM_NEWLINK says, which may be any bytes; nothing where it is none.
std::optional<Link> ParseLink(std::string_view body);

// By index.
Result<std::vector<Link>> Links(NetlinkSocket& socket);
// ENODEV where there is none.
Result<Link> FindLink(NetlinkSocket& socket, const std::string& name);
Result<Link> FindLink(NetlinkSocket& socket, int index);

// EINVAL for what is no name, and for what the kernel would take as a pattern.
Status CheckLinkName(const std::string& name);

struct LinkSettings {
  // Empty: of the kernel's choice. `%d` stands for the smallest number that is free.
  std::string name;
  std::optional<HardwareAddressBytes> address;
  // 0: the kernel's choice.
  uint32_t mtu = 0;
  uint32_t rx_queues = 0;
  uint32_t tx_queues = 0;
  // A descriptor of the network namespace that it is made in; -1: the socket's.
  int network = -1;
};

// Adds what a kind of device has of its own.
using AddLinkData = std::function<void(NetlinkRequest&)>;

// A device of a kind; on top of `parent`, which is the socket's, where that is not 0.
Status CreateLink(NetlinkSocket& socket, const std::string& kind, int parent,
                  const LinkSettings& settings, const AddLinkData& add_data);

Status CreateVeth(NetlinkSocket& socket, const LinkSettings& own, const LinkSettings& peer);

struct LinkChange {
  std::optional<std::string> name;
  std::optional<HardwareAddressBytes> address;
  std::optional<uint32_t> mtu;
  std::optional<bool> up;
  // The index of a bridge.
  std::optional<int> master;
  // A descriptor of the network namespace that it goes to.
  std::optional<int> network;
};

Status ChangeLink(NetlinkSocket& socket, int index, const LinkChange& change,
                  const std::string& attempted);

Status DeleteLink(NetlinkSocket& socket, int index, const std::string& attempted);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_NETLINK_LINK_H_
