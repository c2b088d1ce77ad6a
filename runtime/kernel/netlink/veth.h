// SPDX-License-Identifier: Apache-2.0
//
// Pairs of devices that lead from the host into a container.

#ifndef LXCSPEC_RUNTIME_KERNEL_NETLINK_VETH_H_
#define LXCSPEC_RUNTIME_KERNEL_NETLINK_VETH_H_

#include "runtime/base/result.h"
#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec::runtime {

// Makes a pair and returns the end on the host. That is called as `on_host` says, or by a name that
// is free where it says none, and has a hardware address that no bridge takes for its own. EEXIST
// where one of the names is taken.
Result<Link> CreateVethOnHost(NetlinkSocket& host, LinkSettings on_host,
                              const LinkSettings& inside);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_NETLINK_VETH_H_
