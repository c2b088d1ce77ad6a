// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/network/networks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>

#include <cctype>
#include <cerrno>
#include <optional>

#include "runtime/base/text.h"
#include "runtime/kernel/path.h"
#include "runtime/kernel/pidfd.h"

namespace lxcspec::runtime {

Result<Networks> Networks::Open(const UniqueFd& init_pidfd, pid_t init_pid,
                                HostTraces::Announce announce) {
  auto host = NetlinkSocket::Open();
  if (!host) return Forward(std::move(host).error());
  auto inside = NetlinkSocket::OpenByVisit(init_pidfd, init_pid);
  if (!inside) return Forward(std::move(inside).error());
  auto host_namespace = runtime::Open("/proc/thread-self/ns/net", O_RDONLY);
  if (!host_namespace) return Forward(std::move(host_namespace).error());
  auto inside_namespace = runtime::Open(fmt::format("/proc/{}/ns/net", init_pid), O_RDONLY);
  if (!inside_namespace) return Forward(std::move(inside_namespace).error());
  const auto number = OwnNetworkNumber();
  if (!number) return Forward(number.error());
  return Networks{.host = *std::move(host),
                  .inside = *std::move(inside),
                  .host_namespace = *std::move(host_namespace),
                  .inside_namespace = *std::move(inside_namespace),
                  .host_number = *number,
                  .traces = HostTraces(std::move(announce)),
                  .init = init_pid};
}

Result<std::optional<HardwareAddressBytes>> ChooseHardwareAddress(const std::string& text) {
  if (text.empty()) return std::nullopt;
  std::string digits;
  for (const char c : text) {
    if (c != ':') digits += c;
  }
  HardwareAddressBytes random{};
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return ErrnoFailure("getrandom()");
  }
  HardwareAddressBytes chosen{};
  for (size_t i = 0; i < digits.size() && i / 2 < chosen.size(); ++i) {
    const bool high = i % 2 == 0;
    const unsigned int made_up = high ? random[i / 2] >> 4U : random[i / 2] & 0xfU;
    const bool is_template = digits[i] == 'x' || digits[i] == 'X';
    // The lowest bits of the first byte: no group's, and nobody's who makes devices.
    const unsigned int usable = i == 1 ? (made_up & 0xeU) | 0x2U : made_up;
    const auto digit = ParseUnsigned(fmt::format("0x{}", digits[i]));
    const unsigned int value = is_template ? usable : static_cast<unsigned int>(digit.value_or(0));
    chosen[i / 2] |= static_cast<uint8_t>(high ? value << 4U : value);
  }
  return chosen;
}

}  // namespace lxcspec::runtime
