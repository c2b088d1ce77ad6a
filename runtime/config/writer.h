// SPDX-License-Identifier: Apache-2.0
//
// Saves a configuration so that a reader sees the old file or the new one, never a part.

#ifndef LXCSPEC_RUNTIME_CONFIG_WRITER_H_
#define LXCSPEC_RUNTIME_CONFIG_WRITER_H_

#include <string>

#include "runtime/base/result.h"
#include "runtime/config/config.h"

namespace lxcspec::runtime {

// Writes the configuration to `path`, mode 0640 before the umask. Missing folders are not made.
// On failure (ENOSPC, EROFS, ...) an old file stays as it was and nothing new is left.
Status SaveFile(const Config& config, const std::string& path);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONFIG_WRITER_H_
