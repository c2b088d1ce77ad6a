// SPDX-License-Identifier: Apache-2.0
//
// The extension network_ipvlan: devices that share the hardware address of the one below them.
// spec/extensions/network_ipvlan.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_IPVLAN_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_IPVLAN_H_

#include <string>

#include "runtime/base/result.h"
#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec::runtime {

// As lxc.net.*.ipvlan.* has them.
struct IpvlanSettings {
  // network_ipvlan.default_mode_effect network_ipvlan.default_isolation_effect
  std::string mode = "l3";
  std::string isolation = "bridge";
};

// On top of `parent`. EOPNOTSUPP where the kernel has none. All devices of one parent have the
// same mode and isolation, those of the last.
Status CreateIpvlan(NetlinkSocket& host, int parent, const LinkSettings& settings,
                    const IpvlanSettings& ipvlan);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_IPVLAN_H_
