// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/network_ipvlan.h"

#include <linux/if_link.h>

namespace lxcspec::runtime {
namespace {

uint16_t ModeNumber(const std::string& mode) {
  if (mode == "l2") return IPVLAN_MODE_L2;
  if (mode == "l3s") return IPVLAN_MODE_L3S;
  return IPVLAN_MODE_L3;
}

uint16_t IsolationFlags(const std::string& isolation) {
  if (isolation == "private") return IPVLAN_F_PRIVATE;
  if (isolation == "vepa") return IPVLAN_F_VEPA;
  return 0;
}

}  // namespace

Status CreateIpvlan(NetlinkSocket& host, int parent, const LinkSettings& settings,
                    const IpvlanSettings& ipvlan) {
  // network_ipvlan.device network_ipvlan.mode_and_isolation network_ipvlan.no_ipvlan
  return CreateLink(host, "ipvlan", parent, settings, [&](NetlinkRequest& request) {
    request.AddNumber(IFLA_IPVLAN_MODE, ModeNumber(ipvlan.mode))
        .AddNumber(IFLA_IPVLAN_FLAGS, IsolationFlags(ipvlan.isolation));
  });
}

}  // namespace lxcspec::runtime
