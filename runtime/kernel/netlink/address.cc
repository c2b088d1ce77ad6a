// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/netlink/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "runtime/base/text.h"

namespace lxcspec::runtime {
namespace {

constexpr uint16_t kCreate = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;

uint8_t WholeLength(int family) { return family == AF_INET ? 32 : 128; }

std::optional<IpAddress> AddressFrom(int family, std::string_view bytes) {
  IpAddress address{.family = family};
  if (bytes.size() != address.size()) return std::nullopt;
  memcpy(address.bytes.data(), bytes.data(), bytes.size());
  return address;
}

NetlinkRequest RouteRequest(uint16_t type, uint16_t flags, const Route& route) {
  rtmsg header = {};
  header.rtm_family = static_cast<uint8_t>(route.destination.address.family);
  header.rtm_dst_len = route.destination.length;
  header.rtm_table = RT_TABLE_MAIN;
  if (type == RTM_NEWROUTE) {
    header.rtm_type = RTN_UNICAST;
    header.rtm_protocol = RTPROT_BOOT;
    header.rtm_scope = route.gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  } else {
    header.rtm_scope = RT_SCOPE_NOWHERE;
  }
  NetlinkRequest request(type, flags);
  request.Add(header).AddNumber(RTA_OIF, route.device);
  if (header.rtm_dst_len != 0) request.AddAttribute(RTA_DST, route.destination.address.view());
  if (route.gateway) request.AddAttribute(RTA_GATEWAY, route.gateway->view());
  return request;
}

std::string Described(const Route& route) {
  return fmt::format("{}{}",
                     route.destination.length == 0 ? "default" : route.destination.ToString(),
                     route.gateway ? " by way of " + route.gateway->ToString() : "");
}

NetlinkRequest ProxyRequest(uint16_t type, uint16_t flags, int device, const IpAddress& address) {
  ndmsg header = {};
  header.ndm_family = static_cast<uint8_t>(address.family);
  header.ndm_ifindex = device;
  header.ndm_flags = NTF_PROXY;
  if (type == RTM_NEWNEIGH) header.ndm_state = NUD_PERMANENT;
  NetlinkRequest request(type, flags);
  request.Add(header).AddAttribute(NDA_DST, address.view());
  return request;
}

}  // namespace

size_t IpAddress::size() const { return family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr); }

std::string_view IpAddress::view() const {
  return {reinterpret_cast<const char*>(bytes.data()), size()};
}

std::string IpAddress::ToString() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr) return "";
  return text.data();
}

IpPrefix IpPrefix::Whole(const IpAddress& address) {
  return {.address = address, .length = WholeLength(address.family)};
}

std::string IpPrefix::ToString() const { return fmt::format("{}/{}", address.ToString(), length); }

std::optional<IpAddress> ParseIpAddress(int family, const std::string& text) {
  IpAddress address{.family = family};
  if (text.find('\0') != text.npos) return std::nullopt;
  if (inet_pton(family, text.c_str(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

std::optional<IpPrefix> ParseIpPrefix(int family, std::string_view text,
                                      std::optional<uint8_t> otherwise) {
  const size_t slash = text.find('/');
  const auto address = ParseIpAddress(family, std::string(text.substr(0, slash)));
  if (!address) return std::nullopt;
  if (slash == text.npos) {
    if (!otherwise) return std::nullopt;
    return IpPrefix{.address = *address, .length = *otherwise};
  }
  const auto length = ParseUnsigned(text.substr(slash + 1));
  if (!length || *length > WholeLength(family)) return std::nullopt;
  return IpPrefix{.address = *address, .length = static_cast<uint8_t>(*length)};
}

Status AddAddress(NetlinkSocket& socket, int device, const IpPrefix& address,
                  const std::optional<IpAddress>& broadcast) {
  ifaddrmsg header = {};
  header.ifa_family = static_cast<uint8_t>(address.address.family);
  header.ifa_prefixlen = address.length;
  header.ifa_index = static_cast<uint32_t>(device);
  NetlinkRequest request(RTM_NEWADDR, kCreate);
  request.Add(header)
      .AddAttribute(IFA_LOCAL, address.address.view())
      .AddAttribute(IFA_ADDRESS, address.address.view());
  if (broadcast) request.AddAttribute(IFA_BROADCAST, broadcast->view());
  return socket.Do(std::move(request), fmt::format("add the address {}", address.ToString()));
}

Result<std::vector<IpPrefix>> AddressesOf(NetlinkSocket& socket, int device, int family) {
  std::vector<IpPrefix> found;
  ifaddrmsg wanted = {};
  wanted.ifa_family = static_cast<uint8_t>(family);
  const auto entry = [&](uint16_t type, std::string_view body) {
    ifaddrmsg header;
    if (type != RTM_NEWADDR || body.size() < sizeof header) return;
    memcpy(&header, body.data(), sizeof header);
    if (header.ifa_family != family || static_cast<int>(header.ifa_index) != device) return;
    const NetlinkAttributes attributes = ParseAttributes(body, sizeof header);
    // Of a point-to-point link IFA_ADDRESS is the other end's.
    auto value = attributes.find(IFA_LOCAL);
    if (value == attributes.end()) value = attributes.find(IFA_ADDRESS);
    if (value == attributes.end()) return;
    const auto address = AddressFrom(family, value->second);
    if (address) found.push_back({.address = *address, .length = header.ifa_prefixlen});
  };
  TRY(socket.Dump(NetlinkRequest(RTM_GETADDR, NLM_F_DUMP).Add(wanted), "list the addresses",
                  entry));
  return found;
}

Status AddRoute(NetlinkSocket& socket, const Route& route) {
  return socket.Do(RouteRequest(RTM_NEWROUTE, kCreate, route),
                   fmt::format("add the route {}", Described(route)));
}

Status DeleteRoute(NetlinkSocket& socket, const Route& route) {
  return socket.Do(RouteRequest(RTM_DELROUTE, NLM_F_ACK, route),
                   fmt::format("delete the route {}", Described(route)));
}

Result<bool> HasProxyNeighbour(NetlinkSocket& socket, int device, const IpAddress& address) {
  bool found = false;
  ndmsg wanted = {};
  wanted.ndm_family = static_cast<uint8_t>(address.family);
  wanted.ndm_flags = NTF_PROXY;
  const auto entry = [&](uint16_t type, std::string_view body) {
    ndmsg header;
    if (type != RTM_NEWNEIGH || body.size() < sizeof header) return;
    memcpy(&header, body.data(), sizeof header);
    if ((header.ndm_flags & NTF_PROXY) == 0 || header.ndm_ifindex != device) return;
    const NetlinkAttributes attributes = ParseAttributes(body, sizeof header);
    const auto value = attributes.find(NDA_DST);
    found = found || (value != attributes.end() && value->second == address.view());
  };
  TRY(socket.Dump(NetlinkRequest(RTM_GETNEIGH, NLM_F_DUMP).Add(wanted),
                  "list the neighbour proxies", entry));
  return found;
}

Status AddProxyNeighbour(NetlinkSocket& socket, int device, const IpAddress& address) {
  return socket.Do(ProxyRequest(RTM_NEWNEIGH, kCreate, device, address),
                   fmt::format("add the neighbour proxy for {}", address.ToString()));
}

Status DeleteProxyNeighbour(NetlinkSocket& socket, int device, const IpAddress& address) {
  // Any further flag means something else where something is deleted.
  return socket.Do(ProxyRequest(RTM_DELNEIGH, NLM_F_ACK, device, address),
                   fmt::format("delete the neighbour proxy for {}", address.ToString()));
}

}  // namespace lxcspec::runtime
