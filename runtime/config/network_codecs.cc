// SPDX-License-Identifier: Apache-2.0

#include "runtime/config/network_codecs.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <initializer_list>
#include <optional>
#include <vector>

#include "runtime/base/text.h"

namespace lxcspec::runtime {
namespace {

tl::unexpected<Error> Refused(std::string_view value, std::string_view wanted) {
  return Failure(EINVAL, fmt::format("\"{}\" is not {}", value, wanted));
}

Result<std::string> OneOf(std::string_view value, std::initializer_list<std::string_view> choices) {
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return std::string(value);
  return Refused(value, fmt::format("one of {}", fmt::join(choices, ", ")));
}

// The address as inet_ntop(3) prints it.
std::optional<std::string> Address(int family, const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> printed{};
  if (inet_pton(family, text.c_str(), bytes.data()) != 1) return std::nullopt;
  return inet_ntop(family, bytes.data(), printed.data(), printed.size());
}

std::optional<std::string> AddressWithPrefix(int family, std::string_view text,
                                             bool prefix_required) {
  const size_t slash = text.find('/');
  if (slash == text.npos) {
    return prefix_required ? std::nullopt : Address(family, std::string(text));
  }
  const auto address = Address(family, std::string(text.substr(0, slash)));
  const auto prefix = ParseUnsigned(text.substr(slash + 1));
  const uint64_t most = family == AF_INET ? 32 : 128;
  if (!address || !prefix || *prefix > most) return std::nullopt;
  return fmt::format("{}/{}", *address, *prefix);
}

Result<std::string> Route(int family, std::string_view value) {
  const auto route = AddressWithPrefix(family, value, /*prefix_required=*/true);
  if (!route) return Refused(value, "<address>/<prefix>");
  return *route;
}

Result<std::string> Gateway(int family, std::string_view value) {
  if (value == "auto" || value == "dev") return std::string(value);
  const auto address = Address(family, std::string(value));
  if (!address) return Refused(value, "auto, dev or an address");
  return *address;
}

}  // namespace

Result<std::string> NetworkType(std::string_view value) {
  return OneOf(value, {"empty", "none", "veth", "macvlan", "ipvlan", "phys", "vlan"});
}

Result<std::string> DeviceName(std::string_view value) {
  const bool wrong = value.find_first_of("/ \t\n:") != value.npos || value == "." || value == "..";
  if (wrong || value.size() >= IFNAMSIZ) return Refused(value, "the name of a network device");
  return std::string(value);
}

Result<std::string> HardwareAddress(std::string_view value) {
  const std::vector<std::string> bytes = Words(value, ":");
  const auto is_digit = [](char c) {
    return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == 'x' || c == 'X';
  };
  const bool right = bytes.size() == 6 && value.size() == 17 &&
                     std::all_of(bytes.begin(), bytes.end(), [&](const std::string& byte) {
                       return byte.size() == 2 && is_digit(byte[0]) && is_digit(byte[1]);
                     });
  if (!right) return Refused(value, "a hardware address");
  return std::string(value);
}

Result<std::string> DeviceFlags(std::string_view value) { return OneOf(value, {"up"}); }

Result<std::string> Mtu(std::string_view value) {
  const auto number = ParseUnsigned(value);
  // What an interface can carry is for its kind to say, at start.
  if (!number || *number < 1 || *number > 0xffffffff) return Refused(value, "an MTU");
  return fmt::format("{}", *number);
}

Result<std::string> Ipv4Address(std::string_view value) {
  const std::vector<std::string> words = Words(value);
  if (words.empty() || words.size() > 2) return Refused(value, "an IPv4 address");
  const auto address = AddressWithPrefix(AF_INET, words[0], /*prefix_required=*/false);
  if (!address) return Refused(value, "an IPv4 address");
  if (words.size() == 1) return *address;
  const auto broadcast = Address(AF_INET, words[1]);
  if (!broadcast) return Refused(value, "an IPv4 address and its broadcast address");
  return fmt::format("{} {}", *address, *broadcast);
}

Result<std::string> Ipv6Address(std::string_view value) {
  const auto address = AddressWithPrefix(AF_INET6, value, /*prefix_required=*/false);
  if (!address) return Refused(value, "an IPv6 address");
  return *address;
}

Result<std::string> Ipv4Gateway(std::string_view value) { return Gateway(AF_INET, value); }
Result<std::string> Ipv6Gateway(std::string_view value) { return Gateway(AF_INET6, value); }
Result<std::string> Ipv4Route(std::string_view value) { return Route(AF_INET, value); }
Result<std::string> Ipv6Route(std::string_view value) { return Route(AF_INET6, value); }

Result<std::string> MacvlanMode(std::string_view value) {
  return OneOf(value, {"private", "vepa", "bridge", "passthru"});
}

Result<std::string> IpvlanMode(std::string_view value) { return OneOf(value, {"l3", "l3s", "l2"}); }

Result<std::string> IpvlanIsolation(std::string_view value) {
  return OneOf(value, {"bridge", "private", "vepa"});
}

Result<std::string> VethMode(std::string_view value) { return OneOf(value, {"bridge", "router"}); }

Result<std::string> VlanId(std::string_view value) {
  constexpr uint64_t kMost = 4094;  // IEEE 802.1Q
  const auto number = ParseUnsigned(value);
  if (!number || *number > kMost) return Refused(value, "a VLAN id from 0 to 4094");
  return fmt::format("{}", *number);
}

Result<std::string> VlanIdOrNone(std::string_view value) {
  if (value == "none") return std::string(value);
  return VlanId(value);
}

}  // namespace lxcspec::runtime
