// SPDX-License-Identifier: Apache-2.0
//
// Which members struct lxc_container has in a given release. The struct grew at its end, but for
// one release that inserted a member (LXC 4.0.5).

#ifndef LXCSPEC_CONFORMANCE_TESTEE_LIBLXC_LAYOUT_H_
#define LXCSPEC_CONFORMANCE_TESTEE_LIBLXC_LAYOUT_H_

#include <compare>
#include <cstddef>
#include <optional>
#include <string_view>

#include "conformance/testee/liblxc_abi.h"

namespace lxcspec {

struct AbiVersion {
  int major = 0;
  int minor = 0;
  int patch = 0;

  auto operator<=>(const AbiVersion&) const = default;
};

// Reads the leading `major.minor[.patch]` of a version string: "7.0.0-rc1" is 7.0.0.
std::optional<AbiVersion> ParseAbiVersion(std::string_view text);

// How many bytes struct lxc_container has in that release.
size_t ContainerSize(const AbiVersion& version);

// The members of the struct at `raw`, which is laid out as in that release. Reads no byte past its
// end; members that the release lacks are NULL.
abi::Container ReadMembers(const void* raw, const AbiVersion& version);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_TESTEE_LIBLXC_LAYOUT_H_
