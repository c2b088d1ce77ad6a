// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/network/configure.h"

#include <fmt/format.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "runtime/extensions/network_gateway_device_route.h"
#include "runtime/extensions/network_phys_macvlan_mtu.h"

namespace lxcspec::runtime {
namespace {

bool IsLinkLocal(const IpAddress& address) {
  if (address.family != AF_INET6) return false;
  in6_addr number;
  memcpy(&number, address.bytes.data(), sizeof number);
  return IN6_IS_ADDR_LINKLOCAL(&number);
}

// Its first address; a link-local one where it has no other.
Result<IpAddress> PrimaryAddress(NetlinkSocket& host, const Link& link, int family) {
  const auto addresses = AddressesOf(host, link.index, family);
  if (!addresses) return Forward(addresses.error());
  if (addresses->empty()) {
    return Failure(EADDRNOTAVAIL, fmt::format("gateway auto: {} has no address", link.name));
  }
  const auto found = std::find_if(addresses->begin(), addresses->end(),
                                  [](const IpPrefix& one) { return !IsLinkLocal(one.address); });
  return found != addresses->end() ? found->address : addresses->front().address;
}

// A gateway that no address's prefix has is reached by the interface all the same.
Status AddDefaultRoute(NetlinkSocket& inside, int device, const DefaultRoute& route) {
  if (!route.gateway) return AddGatewayDeviceRoute(inside, device, route.family);
  const Route wanted{.destination = {.address = {.family = route.family, .bytes = {}}, .length = 0},
                     .gateway = route.gateway,
                     .device = device};
  const Status added = AddRoute(inside, wanted);
  if (added || (added.error().code != EHOSTUNREACH && added.error().code != ENETUNREACH)) {
    return added;
  }
  TRY(AddRoute(inside,
               {.destination = IpPrefix::Whole(*route.gateway), .gateway = {}, .device = device}));
  return AddRoute(inside, wanted);
}

}  // namespace

Result<std::vector<DefaultRoute>> ResolveGateways(Networks& networks,
                                                  const InterfaceRequest& request) {
  std::vector<DefaultRoute> routes;
  for (const InterfaceGateway& gateway : request.plan.gateways) {
    DefaultRoute route{.family = gateway.family, .gateway = {}};
    if (gateway.kind == GatewayKind::kAddress) route.gateway = gateway.address;
    if (gateway.kind == GatewayKind::kAuto) {
      const auto address = PrimaryAddress(networks.host, *request.link, gateway.family);
      if (!address) return Forward(address.error());
      route.gateway = *address;
    }
    routes.push_back(route);
  }
  return routes;
}

Status ConfigureInside(Networks& networks, const InterfaceRequest& request,
                       const MadeInterface& made, const std::vector<DefaultRoute>& routes) {
  NetlinkSocket& inside = networks.inside;
  const InterfacePlan& plan = request.plan;
  const bool is_made_with_address =
      plan.type != InterfaceType::kPhys && plan.type != InterfaceType::kIpvlan && !made.is_users;
  if (request.address && !is_made_with_address) {
    TRY(ChangeLink(inside, made.index, {.address = request.address},
                   fmt::format("set the hardware address of {}", made.name)));
  }
  if (plan.mtu != 0 && plan.type != InterfaceType::kVeth) {
    TRY(SetDeviceMtu(inside, {.index = made.index, .name = made.name}, plan.mtu));
  }
  for (const InterfaceAddress& address : plan.addresses) {
    TRY(AddAddress(inside, made.index, address.prefix, address.broadcast));
  }
  if (!plan.up) return {};
  TRY(ChangeLink(inside, made.index, {.up = true}, fmt::format("set {} up", made.name)));
  for (const DefaultRoute& route : routes) TRY(AddDefaultRoute(inside, made.index, route));
  return {};
}

Status SetLoopbackUp(NetlinkSocket& inside) {
  // LOOPBACK_IFINDEX of include/net/flow.h: in each network the first device.
  constexpr int kLoopback = 1;
  return ChangeLink(inside, kLoopback, {.up = true}, "set lo up");
}

}  // namespace lxcspec::runtime
