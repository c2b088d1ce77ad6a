// SPDX-License-Identifier: Apache-2.0

#include "conformance/testee/liblxc_layout.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iterator>

namespace lxcspec {
namespace {

struct Growth {
  AbiVersion since;
  size_t size;
};

// Newest first. The sizes of 4.0.0 and 4.0.5 differ by the two members that 4.0.5 added.
constexpr Growth kGrowth[] = {
    {{6, 0, 0}, sizeof(abi::Container)},
    {{4, 0, 5}, offsetof(abi::Container, rcv_timeout)},
    {{4, 0, 0}, offsetof(abi::Container, init_pidfd)},
    {{3, 2, 0}, offsetof(abi::Container, seccomp_notify_fd_active)},
    {{3, 1, 0}, offsetof(abi::Container, seccomp_notify_fd)},
    {{3, 0, 0}, offsetof(abi::Container, reboot2)},
    {{0, 0, 0}, offsetof(abi::Container, console_log)},
};

}  // namespace

std::optional<AbiVersion> ParseAbiVersion(std::string_view text) {
  AbiVersion version;
  int* const fields[] = {&version.major, &version.minor, &version.patch};
  size_t parsed = 0;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  for (int* field : fields) {
    const auto [next, error] = std::from_chars(at, end, *field);
    if (error != std::errc() || *field < 0) break;
    ++parsed;
    at = next;
    if (at == end || *at != '.') break;
    ++at;
  }
  if (parsed < 2) return std::nullopt;
  return version;
}

size_t ContainerSize(const AbiVersion& version) {
  const auto* growth =
      std::find_if(std::begin(kGrowth), std::end(kGrowth),
                   [&](const Growth& candidate) { return version >= candidate.since; });
  return growth->size;
}

abi::Container ReadMembers(const void* raw, const AbiVersion& version) {
  abi::Container members{};
  std::memcpy(&members, raw, ContainerSize(version));
  // LXC 4.0.0 to 4.0.4 have init_pidfd in the place that 4.0.5 gave to seccomp_notify_fd_active.
  if (version >= AbiVersion{4, 0, 0} && version < AbiVersion{4, 0, 5}) {
    members.init_pidfd = members.seccomp_notify_fd_active;
    members.seccomp_notify_fd_active = nullptr;
  }
  return members;
}

}  // namespace lxcspec
