// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/network/plan.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <string_view>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/extensions/claims.h"

namespace lxcspec::runtime {
namespace {

constexpr std::array<std::pair<std::string_view, InterfaceType>, 7> kTypes = {{
    {"none", InterfaceType::kNone},
    {"empty", InterfaceType::kEmpty},
    {"veth", InterfaceType::kVeth},
    {"macvlan", InterfaceType::kMacvlan},
    {"ipvlan", InterfaceType::kIpvlan},
    {"phys", InterfaceType::kPhys},
    {"vlan", InterfaceType::kVlan},
}};

constexpr uint8_t kCommonPrefix6 = 64;

tl::unexpected<Error> Refused(const std::string& key, std::string_view why) {
  return Failure(EINVAL, fmt::format("{}: {}", key, why));
}

std::string Value(const Config& config, const std::string& key) {
  const auto& values = config.Values(key);
  return values.empty() ? "" : values.front();
}

// The codecs let only numbers through.
uint32_t Number(const Config& config, const std::string& key) {
  return static_cast<uint32_t>(ParseUnsigned(Value(config, key)).value_or(0));
}

// The classes of RFC 791, for an address that comes without a prefix length.
uint8_t ClassOf(const std::string& address) {
  const auto parsed = ParseIpAddress(AF_INET, address);
  if (!parsed || parsed->bytes[0] < 128) return 8;
  return parsed->bytes[0] < 192 ? 16 : 24;
}

// All ones behind the prefix. The two hosts of a link (RFC 3021), or a single one, have none.
std::optional<IpAddress> BroadcastOf(const IpPrefix& prefix) {
  if (prefix.length > 30) return std::nullopt;
  IpAddress broadcast = prefix.address;
  for (uint8_t bit = prefix.length; bit < 32; ++bit) {
    broadcast.bytes[bit / 8] |= static_cast<uint8_t>(0x80U >> (bit % 8));
  }
  return broadcast;
}

Result<InterfaceAddress> Ipv4(const std::string& key, const std::string& value) {
  const std::vector<std::string> words = Words(value);
  if (words.empty()) return Refused(key, "no address");
  const auto prefix = ParseIpPrefix(AF_INET, words[0], ClassOf(words[0]));
  if (!prefix) return Refused(key, fmt::format("\"{}\" is no address", words[0]));
  if (words.size() == 1) return InterfaceAddress{*prefix, BroadcastOf(*prefix)};
  const auto broadcast = ParseIpAddress(AF_INET, words[1]);
  if (!broadcast) return Refused(key, fmt::format("\"{}\" is no address", words[1]));
  return InterfaceAddress{*prefix, broadcast};
}

Result<InterfaceAddress> Ipv6(const std::string& key, const std::string& value) {
  const auto prefix = ParseIpPrefix(AF_INET6, value, kCommonPrefix6);
  if (!prefix) return Refused(key, fmt::format("\"{}\" is no address", value));
  return InterfaceAddress{*prefix, std::nullopt};
}

Status PlanAddresses(const Config& config, InterfacePlan& plan) {
  for (const auto& [key, parse] : {std::pair(plan.key + ".ipv4.address", &Ipv4),
                                   std::pair(plan.key + ".ipv6.address", &Ipv6)}) {
    for (const std::string& value : config.Values(key)) {
      auto address = parse(key, value);
      if (!address) return Forward(std::move(address).error());
      plan.addresses.push_back(*std::move(address));
    }
  }
  return {};
}

bool HasAddress(const InterfacePlan& plan, int family) {
  return std::any_of(
      plan.addresses.begin(), plan.addresses.end(),
      [&](const InterfaceAddress& one) { return one.prefix.address.family == family; });
}

// Whether its link has addresses that say something about the container's network.
bool HasLinkWithGateway(const InterfacePlan& plan) {
  return !plan.link.empty() &&
         (plan.type == InterfaceType::kVeth || plan.type == InterfaceType::kMacvlan ||
          plan.type == InterfaceType::kIpvlan);
}

Result<InterfaceGateway> PlanGateway(const InterfacePlan& plan, const std::string& key, int family,
                                     const std::string& value) {
  InterfaceGateway gateway{.family = family, .kind = GatewayKind::kAddress, .address = {}};
  // network_gateway_device_route.needs_up network_gateway_device_route.without_address
  if (!plan.up) return Refused(key, "the interface is not up");
  if (!HasAddress(plan, family)) return Refused(key, "the interface has no address of that kind");
  if (value == "dev") {
    gateway.kind = GatewayKind::kDevice;
    return gateway;
  }
  if (value == "auto") {
    if (!HasLinkWithGateway(plan)) {
      return Refused(key, "auto is for veth, macvlan and ipvlan with a link");
    }
    gateway.kind = GatewayKind::kAuto;
    return gateway;
  }
  const auto address = ParseIpAddress(family, value);
  if (!address) return Refused(key, fmt::format("\"{}\" is no address", value));
  gateway.address = *address;
  return gateway;
}

Status PlanGateways(const Config& config, InterfacePlan& plan) {
  for (const auto& [key, family] : {std::pair(plan.key + ".ipv4.gateway", AF_INET),
                                    std::pair(plan.key + ".ipv6.gateway", AF_INET6)}) {
    const std::string value = Value(config, key);
    if (value.empty()) continue;
    auto gateway = PlanGateway(plan, key, family, value);
    if (!gateway) return Forward(std::move(gateway).error());
    plan.gateways.push_back(*std::move(gateway));
  }
  return {};
}

Status PlanRoutes(const Config& config, InterfacePlan& plan) {
  for (const auto& [key, family] : {std::pair(plan.key + ".veth.ipv4.route", AF_INET),
                                    std::pair(plan.key + ".veth.ipv6.route", AF_INET6)}) {
    for (const std::string& value : config.Values(key)) {
      const auto route = ParseIpPrefix(family, value);
      if (!route) return Refused(key, fmt::format("\"{}\" is no route", value));
      plan.veth.routes.push_back(*route);
    }
  }
  return {};
}

Status PlanVlans(const Config& config, InterfacePlan& plan) {
  PortVlans& vlans = plan.veth.vlans;
  const std::string untagged = Value(config, plan.key + ".veth.vlan.id");
  vlans.leave_default = untagged == "none";
  if (const auto id = ParseUnsigned(untagged)) vlans.untagged = static_cast<uint16_t>(*id);
  for (const std::string& value : config.Values(plan.key + ".veth.vlan.tagged.id")) {
    vlans.tagged.push_back(static_cast<uint16_t>(ParseUnsigned(value).value_or(0)));
  }
  if (vlans.empty()) return {};
  if (plan.veth.routes_on_host) return Refused(plan.key + ".veth.vlan", "not in mode router");
  if (plan.link.empty()) return Refused(plan.key + ".veth.vlan", "there is no link");
  return {};
}

Status PlanVeth(const Config& config, InterfacePlan& plan) {
  plan.veth.pair = Value(config, plan.key + ".veth.pair");
  plan.veth.routes_on_host = Value(config, plan.key + ".veth.mode") == "router";
  plan.veth.rx_queues = Number(config, plan.key + ".veth.n_rxqueues");
  plan.veth.tx_queues = Number(config, plan.key + ".veth.n_txqueues");
  TRY(PlanRoutes(config, plan));
  return PlanVlans(config, plan);
}

// What is switched off does not work either.
Status CheckExtensions(const InterfacePlan& plan) {
  const bool by_device = std::any_of(
      plan.gateways.begin(), plan.gateways.end(),
      [](const InterfaceGateway& gateway) { return gateway.kind == GatewayKind::kDevice; });
  const bool has_mtu =
      plan.mtu != 0 && (plan.type == InterfaceType::kPhys || plan.type == InterfaceType::kMacvlan);
  const std::pair<std::string_view, bool> used[] = {
      {"network_veth_routes", !plan.veth.routes.empty()},
      {"network_veth_router", plan.veth.routes_on_host},
      {"network_bridge_vlan", !plan.veth.vlans.empty()},
      {"network_ipvlan", plan.type == InterfaceType::kIpvlan},
      {"network_l2proxy", plan.l2proxy},
      {"network_gateway_device_route", by_device},
      {"network_phys_macvlan_mtu", has_mtu},
  };
  for (const auto& [extension, is_used] : used) {
    if (is_used && !IsSwitchedOn(extension)) {
      return Failure(ENOSYS, fmt::format("{}: {} is switched off", plan.key, extension));
    }
  }
  return {};
}

void ReadCommon(const Config& config, InterfacePlan& plan) {
  const std::string& key = plan.key;
  plan.link = Value(config, key + ".link");
  plan.name = Value(config, key + ".name");
  plan.hardware_address = Value(config, key + ".hwaddr");
  plan.mtu = Number(config, key + ".mtu");
  plan.up = Value(config, key + ".flags") == "up";
  plan.l2proxy = Value(config, key + ".l2proxy") == "1";
  plan.script_up = Value(config, key + ".script.up");
  plan.script_down = Value(config, key + ".script.down");
  plan.macvlan_mode = Value(config, key + ".macvlan.mode");
  plan.vlan_id = static_cast<uint16_t>(Number(config, key + ".vlan.id"));
  if (auto mode = Value(config, key + ".ipvlan.mode"); !mode.empty()) plan.ipvlan.mode = mode;
  if (auto isolation = Value(config, key + ".ipvlan.isolation"); !isolation.empty()) {
    plan.ipvlan.isolation = isolation;
  }
}

// What lxc-user-nic(1) makes is a port of a bridge and nothing else.
Status CheckUsersInterface(const InterfacePlan& plan) {
  const auto needs_root = [&](std::string_view key) {
    return Failure(EPERM, fmt::format("{}.{}: needs root", plan.key, key));
  };
  const bool is_device = plan.type != InterfaceType::kNone && plan.type != InterfaceType::kEmpty;
  if (!is_device) return {};
  if (plan.type != InterfaceType::kVeth) return needs_root("type");
  const std::pair<std::string_view, bool> used[] = {
      {"veth.mode router", plan.veth.routes_on_host},
      {"veth.pair", !plan.veth.pair.empty()},
      {"veth.ipv4.route or veth.ipv6.route", !plan.veth.routes.empty()},
      {"veth.vlan", !plan.veth.vlans.empty()},
      {"veth.n_rxqueues or veth.n_txqueues", plan.veth.rx_queues + plan.veth.tx_queues != 0},
      {"l2proxy", plan.l2proxy},
      {"mtu", plan.mtu != 0}};
  for (const auto& [key, is_used] : used) {
    if (is_used) return needs_root(key);
  }
  return {};
}

Result<InterfacePlan> PlanInterface(const Config& config, const std::string& key) {
  InterfacePlan plan{.key = key, .type_name = Value(config, key + ".type")};
  const auto* type = std::find_if(kTypes.begin(), kTypes.end(),
                                  [&](const auto& one) { return one.first == plan.type_name; });
  if (type == kTypes.end()) return Refused(key + ".type", "there is no such type");
  plan.type = type->second;
  ReadCommon(config, plan);
  if (plan.type == InterfaceType::kNone || plan.type == InterfaceType::kEmpty) return plan;
  // network_ipvlan.needs_link network_l2proxy.needs_link network_phys_macvlan_mtu.no_such_link
  const bool needs_link = plan.type != InterfaceType::kVeth || plan.l2proxy;
  if (needs_link && plan.link.empty()) return Refused(key + ".link", "is needed");
  TRY(PlanAddresses(config, plan));
  TRY(PlanGateways(config, plan));
  if (plan.type == InterfaceType::kVeth) TRY(PlanVeth(config, plan));
  TRY(CheckExtensions(plan));
  return plan;
}

}  // namespace

std::vector<std::string> NetworkSlots(const Config& config) {
  constexpr std::string_view kPrefix = "lxc.net.";
  constexpr std::string_view kType = ".type";
  std::map<uint64_t, std::string> slots;
  for (const std::string& line : Words(config.Get("lxc.net").value_or(""), "\n")) {
    const std::string_view key = std::string_view(line).substr(0, line.find(' '));
    if (!key.starts_with(kPrefix) || !key.ends_with(kType)) continue;
    const std::string_view slot = key.substr(0, key.size() - kType.size());
    if (const auto index = ParseUnsigned(slot.substr(kPrefix.size()))) slots[*index] = slot;
  }
  std::vector<std::string> keys;
  for (const auto& [index, slot] : slots) keys.push_back(slot);
  return keys;
}

NetworkRights OwnNetworkRights() {
  return geteuid() == 0 ? NetworkRights::kHost : NetworkRights::kOwn;
}

Result<NetworkPlan> PlanNetwork(const Config& config, NetworkRights rights) {
  NetworkPlan plan;
  for (const std::string& key : NetworkSlots(config)) {
    auto interface = PlanInterface(config, key);
    if (!interface) return Forward(std::move(interface).error());
    if (rights == NetworkRights::kOwn) TRY(CheckUsersInterface(*interface));
    plan.interfaces.push_back(*std::move(interface));
  }
  return plan;
}

}  // namespace lxcspec::runtime
