// SPDX-License-Identifier: Apache-2.0
//
// Which namespaces a container gets for itself, keeps of its starter, or shares with others.

#ifndef LXCSPEC_RUNTIME_CONTAINER_NAMESPACES_H_
#define LXCSPEC_RUNTIME_CONTAINER_NAMESPACES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/config/config.h"
#include "runtime/container/command.h"

namespace lxcspec::runtime {

struct NamespacePlan {
  // CLONE_NEW* of what is made.
  uint64_t made = 0;
  // CLONE_NEW* of what is not the starter's own: made or shared.
  uint64_t separate = 0;
  // CLONE_NEW* of what is shared, and whose: a container's name, a process, or a path.
  std::vector<std::pair<uint64_t, std::string>> shared;
  // For /proc/<process>/timens_offsets.
  std::string time_offsets;
};

// EINVAL for settings that exclude each other.
Result<NamespacePlan> PlanNamespaces(const Config& config);

// A descriptor for setns(2): of the namespace, or of a process that is in it. A name is that of a
// container below the same path.
Result<UniqueFd> OpenShared(const Place& place, uint64_t flag, const std::string& whose);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_NAMESPACES_H_
