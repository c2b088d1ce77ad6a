// SPDX-License-Identifier: Apache-2.0
//
// Resource limits by name: prlimit(2).

#ifndef LXCSPEC_RUNTIME_KERNEL_RLIMIT_H_
#define LXCSPEC_RUNTIME_KERNEL_RLIMIT_H_

#include <sys/resource.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

struct ResourceLimitSetting {
  // "nofile", for messages.
  std::string name;
  int resource = 0;
  rlimit limit = {};
};

// RLIMIT_NOFILE for nofile, ...; nothing for what is none.
std::optional<int> ResourceNumber(std::string_view name);

Status SetResourceLimit(pid_t process, const ResourceLimitSetting& setting);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_RLIMIT_H_
