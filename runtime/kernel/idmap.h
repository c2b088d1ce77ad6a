// SPDX-License-Identifier: Apache-2.0
//
// The id maps of user namespaces: user_namespaces(7), newuidmap(1).

#ifndef LXCSPEC_RUNTIME_KERNEL_IDMAP_H_
#define LXCSPEC_RUNTIME_KERNEL_IDMAP_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

enum class IdKind { kUser, kGroup };

struct IdRange {
  IdKind kind = IdKind::kUser;
  uint32_t inside = 0;
  uint32_t outside = 0;
  uint32_t count = 0;
};

// Writes both maps of a process that is alone in a new user namespace. Whoever may not do so by
// itself goes through newuidmap and newgidmap. ENOENT where those are not installed, EPERM where
// they refuse, with what they printed; EINVAL for maps without a range of a kind.
Status WriteIdMaps(pid_t process, std::span<const IdRange> maps);

// The id outside that is `inside` in the namespace; nothing where it is not mapped.
std::optional<uint32_t> OutsideId(std::span<const IdRange> maps, IdKind kind, uint32_t inside);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_IDMAP_H_
