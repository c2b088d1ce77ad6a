// SPDX-License-Identifier: Apache-2.0
//
// The types of lxc.net values; codecs.h says what a codec is. All fail with EINVAL.

#ifndef LXCSPEC_RUNTIME_CONFIG_NETWORK_CODECS_H_
#define LXCSPEC_RUNTIME_CONFIG_NETWORK_CODECS_H_

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

Result<std::string> NetworkType(std::string_view value);
// A network device's name: what fits IFNAMSIZ, without slashes and blanks.
Result<std::string> DeviceName(std::string_view value);
// Six hexadecimal bytes with colons; an x stands for a random digit.
Result<std::string> HardwareAddress(std::string_view value);
Result<std::string> DeviceFlags(std::string_view value);
Result<std::string> Mtu(std::string_view value);
// `<address>[/<prefix>] [<broadcast>]`.
Result<std::string> Ipv4Address(std::string_view value);
// `<address>[/<prefix>]`.
Result<std::string> Ipv6Address(std::string_view value);
// `auto`, `dev` or an address.
Result<std::string> Ipv4Gateway(std::string_view value);
Result<std::string> Ipv6Gateway(std::string_view value);
// `<address>/<prefix>`.
Result<std::string> Ipv4Route(std::string_view value);
Result<std::string> Ipv6Route(std::string_view value);
Result<std::string> MacvlanMode(std::string_view value);
Result<std::string> IpvlanMode(std::string_view value);
Result<std::string> IpvlanIsolation(std::string_view value);
Result<std::string> VethMode(std::string_view value);
// 0 to 4094.
Result<std::string> VlanId(std::string_view value);
// The same, or `none`.
Result<std::string> VlanIdOrNone(std::string_view value);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONFIG_NETWORK_CODECS_H_
