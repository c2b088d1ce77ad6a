// SPDX-License-Identifier: Apache-2.0

#include "runtime/base/error.h"

#include <fmt/format.h>

#include <cstring>

namespace lxcspec::runtime {

std::string Error::ToString() const {
  const char* meaning = strerrordesc_np(code);
  return fmt::format("{}: {}", attempted, meaning != nullptr ? meaning : "unknown error");
}

}  // namespace lxcspec::runtime
