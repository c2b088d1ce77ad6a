// SPDX-License-Identifier: Apache-2.0
//
// The kernel's settings of the caller's own network: below /proc/sys/net.

#ifndef LXCSPEC_RUNTIME_KERNEL_NETWORK_SYSCTL_H_
#define LXCSPEC_RUNTIME_KERNEL_NETWORK_SYSCTL_H_

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// `net/ipv4/conf/eth0/forwarding`: with slashes, because a device's name may have dots.
Result<std::string> GetNetworkSysctl(const std::string& path);
Status SetNetworkSysctl(const std::string& path, std::string_view value);

// EPERM where it has another value. The error names it as sysctl(8) does.
Status RequireNetworkSysctl(const std::string& path, std::string_view value);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_NETWORK_SYSCTL_H_
