// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/netlink_dump.h"

#include <fmt/format.h>
#include <linux/if.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <sys/socket.h>

#include <map>

#include "conformance/harness/netlink.h"

namespace lxcspec {
namespace {

const nlattr* Find(const NetlinkAttributes& attributes, uint16_t type) {
  const auto found = attributes.find(type);
  return found == attributes.end() ? nullptr : found->second;
}

uint32_t NumberOf(const NetlinkAttributes& attributes, uint16_t type) {
  const nlattr* const found = Find(attributes, type);
  return found == nullptr ? 0 : mnl_attr_get_u32(found);
}

std::string TextOf(const NetlinkAttributes& attributes, uint16_t type) {
  const nlattr* const found = Find(attributes, type);
  return found == nullptr ? "" : mnl_attr_get_str(found);
}

IpAddress AddressOf(const NetlinkAttributes& attributes, uint16_t type, int family, int prefix) {
  const nlattr* const found = Find(attributes, type);
  if (found == nullptr) return IpAddress::FromBytes(family, nullptr, 0, prefix);
  return IpAddress::FromBytes(family, mnl_attr_get_payload(found), mnl_attr_get_payload_len(found),
                              prefix);
}

std::string HardwareAddressOf(const NetlinkAttributes& attributes) {
  const nlattr* const found = Find(attributes, IFLA_ADDRESS);
  std::string text;
  if (found == nullptr) return text;
  const auto* const bytes = static_cast<const uint8_t*>(mnl_attr_get_payload(found));
  for (size_t i = 0; i < mnl_attr_get_payload_len(found); ++i) {
    text += fmt::format("{}{:02x}", i == 0 ? "" : ":", bytes[i]);
  }
  return text;
}

void ReadKind(const nlattr* information, Link& link) {
  const NetlinkAttributes kind = AttributesOf(information);
  link.kind = TextOf(kind, IFLA_INFO_KIND);
  const nlattr* const data = Find(kind, IFLA_INFO_DATA);
  if (data == nullptr) return;
  const NetlinkAttributes of_kind = AttributesOf(data);
  if (link.kind == "macvlan" && of_kind.contains(IFLA_MACVLAN_MODE)) {
    link.macvlan_mode = NumberOf(of_kind, IFLA_MACVLAN_MODE);
  }
  if (link.kind == "ipvlan") {
    if (const nlattr* mode = Find(of_kind, IFLA_IPVLAN_MODE)) {
      link.ipvlan_mode = mnl_attr_get_u16(mode);
    }
    if (const nlattr* flags = Find(of_kind, IFLA_IPVLAN_FLAGS)) {
      link.ipvlan_flags = mnl_attr_get_u16(flags);
    }
  }
}

Link LinkOf(const nlmsghdr* message) {
  const auto* const fixed = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  const NetlinkAttributes attributes = AttributesOf(message, sizeof *fixed);
  Link link{.index = fixed->ifi_index,
            .name = TextOf(attributes, IFLA_IFNAME),
            .mtu = NumberOf(attributes, IFLA_MTU),
            .up = (fixed->ifi_flags & IFF_UP) != 0,
            .hardware_address = HardwareAddressOf(attributes),
            .parent = static_cast<int>(NumberOf(attributes, IFLA_LINK)),
            .master = static_cast<int>(NumberOf(attributes, IFLA_MASTER))};
  if (const nlattr* information = Find(attributes, IFLA_LINKINFO)) ReadKind(information, link);
  return link;
}

Result<std::map<int, std::string>> NamesByIndex() {
  ASSIGN_OR_RETURN(const std::vector<Link> links, DumpLinks());
  std::map<int, std::string> names;
  for (const Link& link : links) names[link.index] = link.name;
  return names;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const BridgeVlan& vlan) {
  return out << vlan.id << (vlan.pvid ? " pvid" : "") << (vlan.untagged ? " untagged" : "");
}

std::ostream& operator<<(std::ostream& out, const Link& link) {
  out << link.name << " " << link.kind << " mtu " << link.mtu << (link.up ? " up" : " down");
  if (link.macvlan_mode) out << " mode " << *link.macvlan_mode;
  if (link.ipvlan_mode) out << " mode " << *link.ipvlan_mode;
  if (link.ipvlan_flags) out << " flags " << *link.ipvlan_flags;
  return out;
}

std::ostream& operator<<(std::ostream& out, const Address& address) {
  return out << address.address << " dev " << address.device;
}

std::ostream& operator<<(std::ostream& out, const Route& route) {
  out << route.destination;
  if (!route.gateway.empty()) out << " via " << route.gateway;
  return out << " dev " << route.device << " protocol " << int{route.protocol} << " scope "
             << int{route.scope} << " table " << route.table;
}

std::ostream& operator<<(std::ostream& out, const NeighbourProxy& proxy) {
  return out << proxy.address << " dev " << proxy.device;
}

Result<std::vector<Link>> DumpLinks() {
  NetlinkMessage message(RTM_GETLINK, 0);
  message.PutFixed(ifinfomsg{});
  std::vector<Link> links;
  RETURN_IF_ERROR(Dump(message, "dump the devices",
                       [&](const nlmsghdr* each) { links.push_back(LinkOf(each)); }));
  return links;
}

Result<std::vector<Address>> DumpAddresses() {
  ASSIGN_OR_RETURN(auto names, NamesByIndex());
  NetlinkMessage message(RTM_GETADDR, 0);
  message.PutFixed(ifaddrmsg{});
  std::vector<Address> addresses;
  RETURN_IF_ERROR(Dump(message, "dump the addresses", [&](const nlmsghdr* each) {
    const auto* const fixed = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(each));
    const NetlinkAttributes attributes = AttributesOf(each, sizeof *fixed);
    // IFA_LOCAL is the device's own where the address of a peer is there too.
    const uint16_t type = attributes.contains(IFA_LOCAL) ? IFA_LOCAL : IFA_ADDRESS;
    const IpAddress address = AddressOf(attributes, type, fixed->ifa_family, fixed->ifa_prefixlen);
    addresses.push_back({.device = names[static_cast<int>(fixed->ifa_index)],
                         .address = address.TextWithPrefix(),
                         .tentative = (fixed->ifa_flags & IFA_F_TENTATIVE) != 0});
  }));
  return addresses;
}

Result<std::vector<Route>> DumpRoutes() {
  ASSIGN_OR_RETURN(auto names, NamesByIndex());
  std::vector<Route> routes;
  for (const int family : {AF_INET, AF_INET6}) {
    NetlinkMessage message(RTM_GETROUTE, 0);
    message.PutFixed(rtmsg{.rtm_family = static_cast<unsigned char>(family)});
    RETURN_IF_ERROR(Dump(message, "dump the routes", [&](const nlmsghdr* each) {
      const auto* const fixed = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(each));
      const NetlinkAttributes attributes = AttributesOf(each, sizeof *fixed);
      const uint32_t table = NumberOf(attributes, RTA_TABLE);
      if (fixed->rtm_type != RTN_UNICAST || table == RT_TABLE_LOCAL) return;
      if (fixed->rtm_protocol == RTPROT_KERNEL || (fixed->rtm_flags & RTM_F_CLONED) != 0) return;
      routes.push_back(
          {.destination =
               AddressOf(attributes, RTA_DST, family, fixed->rtm_dst_len).TextWithPrefix(),
           .device = names[static_cast<int>(NumberOf(attributes, RTA_OIF))],
           .gateway = attributes.contains(RTA_GATEWAY)
                          ? AddressOf(attributes, RTA_GATEWAY, family, 0).Text()
                          : "",
           .protocol = fixed->rtm_protocol,
           .scope = fixed->rtm_scope,
           .table = table});
    }));
  }
  return routes;
}

Result<std::vector<NeighbourProxy>> DumpNeighbourProxies() {
  ASSIGN_OR_RETURN(auto names, NamesByIndex());
  std::vector<NeighbourProxy> proxies;
  for (const int family : {AF_INET, AF_INET6}) {
    NetlinkMessage message(RTM_GETNEIGH, 0);
    message.PutFixed(ndmsg{.ndm_family = static_cast<uint8_t>(family), .ndm_flags = NTF_PROXY});
    RETURN_IF_ERROR(Dump(message, "dump the neighbour proxies", [&](const nlmsghdr* each) {
      const auto* const fixed = static_cast<const ndmsg*>(mnl_nlmsg_get_payload(each));
      const NetlinkAttributes attributes = AttributesOf(each, sizeof *fixed);
      proxies.push_back({.device = names[fixed->ndm_ifindex],
                         .address = AddressOf(attributes, NDA_DST, family, 0).Text()});
    }));
  }
  return proxies;
}

Result<std::vector<BridgeVlan>> DumpBridgeVlans(const std::string& port) {
  NetlinkMessage message(RTM_GETLINK, 0);
  message.PutFixed(ifinfomsg{.ifi_family = AF_BRIDGE});
  message.PutNumber(IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN);
  std::vector<BridgeVlan> vlans;
  RETURN_IF_ERROR(Dump(message, "dump the bridge's ports", [&](const nlmsghdr* each) {
    const NetlinkAttributes attributes = AttributesOf(each, sizeof(ifinfomsg));
    const nlattr* const of_port = Find(attributes, IFLA_AF_SPEC);
    if (TextOf(attributes, IFLA_IFNAME) != port || of_port == nullptr) return;
    // As mnl_attr_for_each_nested, which C++ does not take.
    const auto* entry = static_cast<const nlattr*>(mnl_attr_get_payload(of_port));
    const char* const end =
        static_cast<const char*>(mnl_attr_get_payload(of_port)) + mnl_attr_get_payload_len(of_port);
    for (; mnl_attr_ok(entry, static_cast<int>(end - reinterpret_cast<const char*>(entry)));
         entry = mnl_attr_next(entry)) {
      if (mnl_attr_get_type(entry) != IFLA_BRIDGE_VLAN_INFO) continue;
      const auto* const vlan = static_cast<const bridge_vlan_info*>(mnl_attr_get_payload(entry));
      vlans.push_back({.id = vlan->vid,
                       .pvid = (vlan->flags & BRIDGE_VLAN_INFO_PVID) != 0,
                       .untagged = (vlan->flags & BRIDGE_VLAN_INFO_UNTAGGED) != 0});
    }
  }));
  return vlans;
}

}  // namespace lxcspec
