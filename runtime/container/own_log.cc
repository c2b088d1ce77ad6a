// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/own_log.h"

namespace lxcspec::runtime {

std::string FirstValue(const Config& config, std::string_view key) {
  const auto& values = config.Values(key);
  return values.empty() ? std::string() : values.front();
}

ContainerLog OwnLog(const Config& config) {
  return {.file = FirstValue(config, "lxc.log.file"), .level = FirstValue(config, "lxc.log.level")};
}

}  // namespace lxcspec::runtime
