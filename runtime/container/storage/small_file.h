// SPDX-License-Identifier: Apache-2.0
//
// The small text files beside a container's configuration, read and replaced whole.

#ifndef LXCSPEC_RUNTIME_CONTAINER_STORAGE_SMALL_FILE_H_
#define LXCSPEC_RUNTIME_CONTAINER_STORAGE_SMALL_FILE_H_

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// EFBIG for a file that is not small.
Result<std::string> ReadSmallFile(const std::string& path);

// Replaces the file at once or not at all.
Status WriteSmallFile(const std::string& path, std::string_view text);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_STORAGE_SMALL_FILE_H_
