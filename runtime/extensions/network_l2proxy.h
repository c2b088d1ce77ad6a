// SPDX-License-Identifier: Apache-2.0
//
// The extension network_l2proxy: the host answers on a device for the container's addresses.
// spec/extensions/network_l2proxy.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_L2PROXY_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_L2PROXY_H_

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/kernel/netlink/address.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec::runtime {

// Whether the host passes on what it answers for; `link` is the device on which it does. The error
// names the sysctl.
Status CheckL2Proxy(const std::string& link, const std::vector<IpAddress>& addresses);

// Whether the host does so already.
Result<bool> HasL2Proxy(NetlinkSocket& host, int link, const IpAddress& address);
Status AddL2Proxy(NetlinkSocket& host, int link, const IpAddress& address);

// The host answers only for what is elsewhere than on the link itself. Where its routes do not say
// so, one by its loopback interface does.
Status AddL2ProxyRoute(NetlinkSocket& host, int loopback, const IpAddress& address);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_NETWORK_L2PROXY_H_
