// SPDX-License-Identifier: Apache-2.0
//
// Messages about one container, in the log that its configuration asks for.

#ifndef LXCSPEC_RUNTIME_CONTAINER_OWN_LOG_H_
#define LXCSPEC_RUNTIME_CONTAINER_OWN_LOG_H_

#include <string>
#include <string_view>

#include "runtime/config/config.h"
#include "runtime/extensions/lxc_log.h"

namespace lxcspec::runtime {

// lxc.log.file and lxc.log.level.
ContainerLog OwnLog(const Config& config);

// The first value of a key; empty where nothing was set.
std::string FirstValue(const Config& config, std::string_view key);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_OWN_LOG_H_
