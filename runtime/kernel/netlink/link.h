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

// 02:00:00:00:00:01
std::string HardwareAddressText(const HardwareAddressBytes& address);
std::optional<HardwareAddressBytes> ParseHardwareAddress(std::string_view text);

// What the kernel says of a device.
struct Link {
  int index = 0;
  std::string name;
  // IFF_*
  unsigned int flags = 0;
  uint32_t mtu = 0;
  // Of Ethernet and its like only.
  std::optional<HardwareAddressBytes> address;
  // The device below, or of a veth its other end, which is in whatever network it is in; 0: none.
  int parent = 0;
  // What its owner wrote beside its name.
  std::string alias;
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

// Of what is to get a port: EOPNOTSUPP for a bridge of Open vSwitch, which has ports by its own
// protocol, EINVAL for what is no bridge.
Status CheckBridge(const Link& link);

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
  std::optional<std::string> alias;
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
