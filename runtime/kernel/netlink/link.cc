// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/netlink/link.h"

#include <fmt/format.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "runtime/base/text.h"

namespace lxcspec::runtime {
namespace {

constexpr uint16_t kCreate = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;

std::string_view BytesOf(const HardwareAddressBytes& address) {
  return {reinterpret_cast<const char*>(address.data()), address.size()};
}

void AddSettings(NetlinkRequest& request, const LinkSettings& settings) {
  if (!settings.name.empty()) request.AddText(IFLA_IFNAME, settings.name);
  if (settings.address) request.AddAttribute(IFLA_ADDRESS, BytesOf(*settings.address));
  if (settings.mtu != 0) request.AddNumber(IFLA_MTU, settings.mtu);
  if (settings.rx_queues != 0) request.AddNumber(IFLA_NUM_RX_QUEUES, settings.rx_queues);
  if (settings.tx_queues != 0) request.AddNumber(IFLA_NUM_TX_QUEUES, settings.tx_queues);
  if (settings.network >= 0) request.AddNumber(IFLA_NET_NS_FD, uint32_t(settings.network));
}

// The one that answers to the request.
Result<Link> FindOne(NetlinkSocket& socket, const NetlinkRequest& request,
                     const std::string& attempted) {
  std::optional<Link> found;
  TRY(socket.Dump(request, attempted, [&](uint16_t type, std::string_view body) {
    if (type == RTM_NEWLINK) found = ParseLink(body);
  }));
  if (!found) return Failure(ENODEV, attempted);
  return *found;
}

}  // namespace

std::string HardwareAddressText(const HardwareAddressBytes& address) {
  return fmt::format("{:02x}", fmt::join(address, ":"));
}

std::optional<HardwareAddressBytes> ParseHardwareAddress(std::string_view text) {
  HardwareAddressBytes address{};
  const std::vector<std::string> bytes = Words(text, ":");
  if (bytes.size() != address.size()) return std::nullopt;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = ParseUnsigned("0x" + bytes[i]);
    if (bytes[i].size() != 2 || !byte) return std::nullopt;
    address[i] = static_cast<uint8_t>(*byte);
  }
  return address;
}

std::optional<Link> ParseLink(std::string_view body) {
  ifinfomsg header;
  if (body.size() < sizeof header) return std::nullopt;
  memcpy(&header, body.data(), sizeof header);
  const NetlinkAttributes attributes = ParseAttributes(body, sizeof header);
  Link link{.index = header.ifi_index,
            .name = TextOf(attributes, IFLA_IFNAME),
            .flags = header.ifi_flags,
            .mtu = NumberOf<uint32_t>(attributes, IFLA_MTU).value_or(0),
            .address = NumberOf<HardwareAddressBytes>(attributes, IFLA_ADDRESS),
            .parent = NumberOf<int>(attributes, IFLA_LINK).value_or(0),
            .alias = TextOf(attributes, IFLA_IFALIAS),
            .master = NumberOf<int>(attributes, IFLA_MASTER).value_or(0)};
  if (link.name.empty()) return std::nullopt;
  const auto info = attributes.find(IFLA_LINKINFO);
  if (info == attributes.end()) return link;
  const NetlinkAttributes details = ParseAttributes(info->second, 0);
  link.kind = TextOf(details, IFLA_INFO_KIND);
  const auto data = details.find(IFLA_INFO_DATA);
  if (link.kind != "bridge" || data == details.end()) return link;
  const NetlinkAttributes bridge = ParseAttributes(data->second, 0);
  link.vlan_filtering = NumberOf<uint8_t>(bridge, IFLA_BR_VLAN_FILTERING).value_or(0) != 0;
  link.default_vlan = NumberOf<uint16_t>(bridge, IFLA_BR_VLAN_DEFAULT_PVID).value_or(0);
  return link;
}

Result<std::vector<Link>> Links(NetlinkSocket& socket) {
  std::vector<Link> links;
  TRY(socket.Dump(NetlinkRequest(RTM_GETLINK, NLM_F_DUMP).Add(ifinfomsg{}),
                  "list the network devices", [&](uint16_t type, std::string_view body) {
                    if (type != RTM_NEWLINK) return;
                    if (auto link = ParseLink(body)) links.push_back(*std::move(link));
                  }));
  std::sort(links.begin(), links.end(),
            [](const Link& one, const Link& other) { return one.index < other.index; });
  return links;
}

Result<Link> FindLink(NetlinkSocket& socket, const std::string& name) {
  TRY(CheckLinkName(name));
  NetlinkRequest request(RTM_GETLINK, NLM_F_ACK);
  request.Add(ifinfomsg{}).AddText(IFLA_IFNAME, name);
  return FindOne(socket, request, fmt::format("network device {}", name));
}

Result<Link> FindLink(NetlinkSocket& socket, int index) {
  ifinfomsg header = {};
  header.ifi_index = index;
  NetlinkRequest request(RTM_GETLINK, NLM_F_ACK);
  request.Add(header);
  return FindOne(socket, request, fmt::format("network device number {}", index));
}

Status CheckLinkName(const std::string& name) {
  const bool right = !name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." &&
                     name.find_first_of("/:% \t\n\v\f\r") == std::string::npos;
  if (right) return {};
  return Failure(EINVAL, fmt::format("\"{}\" is no name of a network device", name));
}

Status CheckBridge(const Link& link) {
  if (link.kind == "bridge") return {};
  if (link.kind == "openvswitch") {
    return Failure(EOPNOTSUPP,
                   fmt::format("{} is a bridge of Open vSwitch, not of the kernel", link.name));
  }
  return Failure(EINVAL, fmt::format("{} is no bridge", link.name));
}

Status CreateLink(NetlinkSocket& socket, const std::string& kind, int parent,
                  const LinkSettings& settings, const AddLinkData& add_data) {
  NetlinkRequest request(RTM_NEWLINK, kCreate);
  request.Add(ifinfomsg{});
  AddSettings(request, settings);
  if (parent != 0) request.AddNumber(IFLA_LINK, parent);
  const size_t info = request.BeginNest(IFLA_LINKINFO);
  request.AddText(IFLA_INFO_KIND, kind);
  if (add_data) {
    const size_t data = request.BeginNest(IFLA_INFO_DATA);
    add_data(request);
    request.EndNest(data);
  }
  request.EndNest(info);
  return socket.Do(std::move(request),
                   fmt::format("make the network device {} of kind {}", settings.name, kind));
}

Status CreateVeth(NetlinkSocket& socket, const LinkSettings& own, const LinkSettings& peer) {
  return CreateLink(socket, "veth", 0, own, [&](NetlinkRequest& request) {
    const size_t nest = request.BeginNest(VETH_INFO_PEER);
    request.Add(ifinfomsg{});
    AddSettings(request, peer);
    request.EndNest(nest);
  });
}

Status ChangeLink(NetlinkSocket& socket, int index, const LinkChange& change,
                  const std::string& attempted) {
  ifinfomsg header = {};
  header.ifi_index = index;
  if (change.up) {
    header.ifi_change = IFF_UP;
    header.ifi_flags = *change.up ? IFF_UP : 0;
  }
  NetlinkRequest request(RTM_SETLINK, NLM_F_ACK);
  request.Add(header);
  if (change.name) request.AddText(IFLA_IFNAME, *change.name);
  if (change.address) request.AddAttribute(IFLA_ADDRESS, BytesOf(*change.address));
  if (change.mtu) request.AddNumber(IFLA_MTU, *change.mtu);
  if (change.alias) request.AddText(IFLA_IFALIAS, *change.alias);
  if (change.master) request.AddNumber(IFLA_MASTER, *change.master);
  if (change.network) request.AddNumber(IFLA_NET_NS_FD, uint32_t(*change.network));
  return socket.Do(std::move(request), attempted);
}

Status DeleteLink(NetlinkSocket& socket, int index, const std::string& attempted) {
  ifinfomsg header = {};
  header.ifi_index = index;
  NetlinkRequest request(RTM_DELLINK, NLM_F_ACK);
  request.Add(header);
  return socket.Do(std::move(request), attempted);
}

}  // namespace lxcspec::runtime
