// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/network/container_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "runtime/container/network/phys.h"
#include "runtime/container/network/stacked.h"
#include "runtime/container/network/user_veth.h"
#include "runtime/container/network/veth.h"
#include "runtime/extensions/network_l2proxy.h"
#include "runtime/extensions/network_veth_router.h"

namespace lxcspec::runtime {
namespace {

// The first of eth0, eth1, ... that nobody has or wants.
Result<std::string> FreeName(NetlinkSocket& inside, const std::set<std::string>& taken) {
  const auto links = Links(inside);
  if (!links) return Forward(links.error());
  for (int number = 0;; ++number) {
    std::string name = fmt::format("eth{}", number);
    const bool there = std::any_of(links->begin(), links->end(),
                                   [&](const Link& link) { return link.name == name; });
    if (!there && !taken.contains(name)) return name;
  }
}

std::vector<IpAddress> AddressesIn(const InterfacePlan& plan) {
  std::vector<IpAddress> addresses;
  for (const InterfaceAddress& one : plan.addresses) addresses.push_back(one.prefix.address);
  return addresses;
}

VethRouter RouterOf(const InterfacePlan& plan, const std::vector<DefaultRoute>& routes) {
  VethRouter router{.addresses = AddressesIn(plan), .gateways = {}};
  for (const DefaultRoute& route : routes) {
    // network_veth_router.no_gateway_address
    if (route.gateway) router.gateways.push_back(*route.gateway);
  }
  return router;
}

Status Named(const std::string& key, Status status) {
  if (status) return status;
  return Failure(status.error().code, fmt::format("{}: {}", key, status.error().attempted));
}

}  // namespace

Result<ContainerNetwork> ContainerNetwork::Open(const UniqueFd& init_pidfd, pid_t init_pid,
                                                HostTraces::Announce announce) {
  auto networks = Networks::Open(init_pidfd, init_pid, std::move(announce));
  if (!networks) return Forward(std::move(networks).error());
  return ContainerNetwork(*std::move(networks));
}

Status ContainerNetwork::SetUp(const NetworkPlan& plan) {
  networks_.lxcpath = plan.lxcpath;
  networks_.name = plan.name;
  TRY(SetLoopbackUp(networks_.inside));
  std::set<std::string> taken;
  for (const InterfacePlan& interface : plan.interfaces) taken.insert(interface.name);
  for (const InterfacePlan& interface : plan.interfaces) {
    const bool is_device =
        interface.type != InterfaceType::kNone && interface.type != InterfaceType::kEmpty;
    if (!is_device) {
      interfaces_.push_back({.plan = interface, .made = {}});
      continue;
    }
    const auto request = Prepare(interface, taken);
    if (!request) return Named(interface.key, Forward(request.error()));
    TRY(Named(interface.key, SetUpOne(*request)));
  }
  return {};
}

Result<InterfaceRequest> ContainerNetwork::Prepare(const InterfacePlan& plan,
                                                   const std::set<std::string>& taken) {
  InterfaceRequest request{.plan = plan, .name = plan.name, .address = {}, .link = {}};
  const auto address = ChooseHardwareAddress(plan.hardware_address);
  if (!address) return Forward(address.error());
  request.address = *address;
  // In mode router, a link is there only for its addresses.
  const bool ignored = plan.type == InterfaceType::kVeth && plan.veth.routes_on_host &&
                       plan.gateways.empty() && !plan.l2proxy;
  if (!plan.link.empty() && !ignored) {
    auto link = FindLink(networks_.host, plan.link);
    if (!link) return Forward(std::move(link).error());
    request.link = *std::move(link);
  }
  if (request.name.empty() && plan.type == InterfaceType::kPhys) request.name = plan.link;
  if (request.name.empty()) {
    auto name = FreeName(networks_.inside, taken);
    if (!name) return Forward(std::move(name).error());
    request.name = *std::move(name);
  }
  TRY(CheckLinkName(request.name));
  return request;
}

Status ContainerNetwork::SetUpOne(const InterfaceRequest& request) {
  const InterfacePlan& plan = request.plan;
  const auto routes = ResolveGateways(networks_, request);
  if (!routes) return Forward(routes.error());
  if (plan.l2proxy) TRY(CheckL2Proxy(plan.link, AddressesIn(plan)));
  if (plan.veth.routes_on_host) TRY(CheckVethRouter(RouterOf(plan, *routes)));
  interfaces_.push_back({.plan = plan, .made = {.name = request.name}});
  MadeInterface& made = interfaces_.back().made;
  if (request.address) made.hardware_address = HardwareAddressText(*request.address);
  TRY(Make(request, made));
  const auto device = FindLink(networks_.inside, request.name);
  if (!device) return Forward(device.error());
  made.index = device->index;
  TRY(ConfigureInside(networks_, request, made, *routes));
  return SetUpOnHost(request, made, *routes);
}

Status ContainerNetwork::Make(const InterfaceRequest& request, MadeInterface& made) {
  switch (request.plan.type) {
    case InterfaceType::kVeth:
      if (OwnNetworkRights() == NetworkRights::kOwn) return MakeUserVeth(networks_, request, made);
      return MakeVeth(networks_, request, made);
    case InterfaceType::kMacvlan:
      return MakeMacvlan(networks_, request);
    case InterfaceType::kIpvlan:
      return MakeIpvlan(networks_, request);
    case InterfaceType::kVlan:
      return MakeVlan(networks_, request);
    case InterfaceType::kPhys:
      return LendDevice(networks_, request);
    case InterfaceType::kNone:
    case InterfaceType::kEmpty:
      break;
  }
  return {};
}

Status ContainerNetwork::SetUpOnHost(const InterfaceRequest& request, const MadeInterface& made,
                                     const std::vector<DefaultRoute>& routes) {
  if (request.plan.veth.routes_on_host) {
    TRY(SetUpVethRouter(networks_.host, made.host_index, made.host_name,
                        RouterOf(request.plan, routes)));
  }
  return request.plan.l2proxy ? AddProxies(request) : Status();
}

Status ContainerNetwork::AddProxies(const InterfaceRequest& request) {
  const auto trace = [&](HostTraceKind kind, int device, const IpAddress& address) {
    return networks_.traces.Add(
        {.kind = kind, .network = networks_.host_number, .device = device, .address = address});
  };
  for (const IpAddress& address : AddressesIn(request.plan)) {
    const auto there = HasL2Proxy(networks_.host, request.link->index, address);
    if (!there) return Forward(there.error());
    // network_l2proxy.keeps_others
    // What somebody else has added is theirs to remove.
    if (!*there) {
      TRY(trace(HostTraceKind::kProxy, request.link->index, address));
      TRY(AddL2Proxy(networks_.host, request.link->index, address));
    }
    if (request.plan.type != InterfaceType::kIpvlan) continue;
    const auto loopback = FindLink(networks_.host, "lo");
    if (!loopback) return Forward(loopback.error());
    TRY(AddL2ProxyRoute(networks_.host, loopback->index, address));
    TRY(trace(HostTraceKind::kRoute, loopback->index, address));
  }
  return {};
}

Status ContainerNetwork::RemoveInside(const Interface& interface) {
  const bool is_inside = interface.plan.type == InterfaceType::kMacvlan ||
                         interface.plan.type == InterfaceType::kIpvlan ||
                         interface.plan.type == InterfaceType::kVlan || interface.made.is_users;
  if (!is_inside || interface.made.index == 0) return {};
  // The kernel would do so too, but a while later: the device below is free at once now.
  const Status done = DeleteLink(networks_.inside, interface.made.index,
                                 fmt::format("delete {}", interface.made.name));
  if (!done && done.error().code == ENODEV) return {};
  return done;
}

Status ContainerNetwork::RemoveTrace(const HostTrace& trace) {
  if (trace.kind != HostTraceKind::kLent) return RemoveHostTrace(networks_.host, trace);
  const auto interface =
      std::find_if(interfaces_.begin(), interfaces_.end(), [&](const Interface& one) {
        return one.plan.type == InterfaceType::kPhys && one.plan.link == trace.name;
      });
  const int index = interface != interfaces_.end() ? interface->made.index : 0;
  return TakeBack(networks_, trace, index);
}

Status ContainerNetwork::Remove() {
  Status first;
  const auto keep_first = [&](Status done) {
    if (first && !done) first = std::move(done);
  };
  for (auto one = interfaces_.rbegin(); one != interfaces_.rend(); ++one) {
    keep_first(RemoveInside(*one));
  }
  const auto& traces = networks_.traces.all();
  for (auto one = traces.rbegin(); one != traces.rend(); ++one) keep_first(RemoveTrace(*one));
  networks_.traces.Clear();
  interfaces_.clear();
  return first;
}

}  // namespace lxcspec::runtime
