// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/network_l2proxy.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include "runtime/kernel/network_sysctl.h"

namespace lxcspec::runtime {

Status CheckL2Proxy(const std::string& link, const std::vector<IpAddress>& addresses) {
  // network_l2proxy.needs_sysctls network_l2proxy.only_needed_sysctls
  for (const IpAddress& address : addresses) {
    if (address.family == AF_INET) {
      TRY(RequireNetworkSysctl(fmt::format("net/ipv4/conf/{}/forwarding", link), "1"));
      continue;
    }
    TRY(RequireNetworkSysctl(fmt::format("net/ipv6/conf/{}/proxy_ndp", link), "1"));
    TRY(RequireNetworkSysctl(fmt::format("net/ipv6/conf/{}/forwarding", link), "1"));
  }
  return {};
}

Result<bool> HasL2Proxy(NetlinkSocket& host, int link, const IpAddress& address) {
  return HasProxyNeighbour(host, link, address);
}

Status AddL2Proxy(NetlinkSocket& host, int link, const IpAddress& address) {
  // network_l2proxy.ipv4 network_l2proxy.ipv6
  return AddProxyNeighbour(host, link, address);
}

Status AddL2ProxyRoute(NetlinkSocket& host, int loopback, const IpAddress& address) {
  // network_l2proxy.ipvlan
  return AddRoute(host,
                  {.destination = IpPrefix::Whole(address), .gateway = {}, .device = loopback});
}

}  // namespace lxcspec::runtime
