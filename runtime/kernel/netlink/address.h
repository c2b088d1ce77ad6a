// SPDX-License-Identifier: Apache-2.0
//
// Addresses of version 4 and 6, and what the kernel keeps by them: those of devices, routes, and
// the neighbours that a host answers for.

#ifndef LXCSPEC_RUNTIME_KERNEL_NETLINK_ADDRESS_H_
#define LXCSPEC_RUNTIME_KERNEL_NETLINK_ADDRESS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec::runtime {

struct IpAddress {
  // AF_INET or AF_INET6.
  int family = 0;
  // As on the wire; the first four of version 4.
  std::array<uint8_t, 16> bytes = {};

  size_t size() const;
  std::string_view view() const;
  std::string ToString() const;
  bool operator==(const IpAddress&) const = default;
};

struct IpPrefix {
  IpAddress address;
  uint8_t length = 0;

  // The prefix that is the address alone.
  static IpPrefix Whole(const IpAddress& address);
  std::string ToString() const;
  bool operator==(const IpPrefix&) const = default;
};

// Nothing for what is no address of the family.
std::optional<IpAddress> ParseIpAddress(int family, const std::string& text);

// `<address>/<length>`; without a length it is `otherwise`. Nothing for anything else.
std::optional<IpPrefix> ParseIpPrefix(int family, std::string_view text,
                                      std::optional<uint8_t> otherwise = std::nullopt);

Status AddAddress(NetlinkSocket& socket, int device, const IpPrefix& address,
                  const std::optional<IpAddress>& broadcast);

// Those of a device, in the kernel's order.
Result<std::vector<IpPrefix>> AddressesOf(NetlinkSocket& socket, int device, int family);

struct Route {
  // A length of 0 is the default route.
  IpPrefix destination;
  std::optional<IpAddress> gateway;
  int device = 0;
};

// In the table `main`. EEXIST where there is such a route.
Status AddRoute(NetlinkSocket& socket, const Route& route);
Status DeleteRoute(NetlinkSocket& socket, const Route& route);

// Entries by which the host answers on a device for an address that is elsewhere.
Result<bool> HasProxyNeighbour(NetlinkSocket& socket, int device, const IpAddress& address);
Status AddProxyNeighbour(NetlinkSocket& socket, int device, const IpAddress& address);
Status DeleteProxyNeighbour(NetlinkSocket& socket, int device, const IpAddress& address);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_NETLINK_ADDRESS_H_
