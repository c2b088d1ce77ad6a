// SPDX-License-Identifier: Apache-2.0
//
// The extension time_namespace: a container's boot and monotonic clocks differ from the host's by
// offsets. spec/extensions/time_namespace.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_TIME_NAMESPACE_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_TIME_NAMESPACE_H_

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// lxc.time.offset.*: a number and a unit each, as its key has let it through; empty: none.
struct TimeOffsets {
  std::string boot;
  std::string monotonic;

  bool any() const { return !boot.empty() || !monotonic.empty(); }
};

// What else the configuration says of the container's time namespace.
enum class TimeNamespaceUse { kOwn, kKept, kShared };

// What stands in /proc/PID/timens_offsets of the container's time namespace, before anything is in
// it; empty where there are no offsets. EINVAL where the namespace is not the container's own, so
// that it could not have them.
Result<std::string> PlanTimeOffsets(const TimeOffsets& offsets, TimeNamespaceUse use);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_TIME_NAMESPACE_H_
