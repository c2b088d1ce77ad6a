// SPDX-License-Identifier: Apache-2.0

#include "conformance/posix/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace lxcspec {

std::string ErrnoName(int code) {
  const char* name = strerrorname_np(code);
  return name != nullptr ? name : fmt::format("errno {}", code);
}

std::string Error::ToString() const {
  if (code == 0) return fmt::format("{}: failed without an errno", attempted);
  return fmt::format("{}: {} ({})", attempted, ErrnoName(code), strerrordesc_np(code));
}

Error ErrnoError(std::string attempted) {
  const int code = errno;
  return Error{.code = code, .attempted = std::move(attempted)};
}

}  // namespace lxcspec
