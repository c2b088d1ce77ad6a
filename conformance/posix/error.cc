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
  // None where an implementation has left something else than an errno there.
  const char* description = strerrordesc_np(code);
  return fmt::format("{}: {} ({})", attempted, ErrnoName(code),
                     description != nullptr ? description : "no errno");
}

Error ErrnoError(std::string attempted) {
  const int code = errno;
  return Error{.code = code, .attempted = std::move(attempted)};
}

}  // namespace lxcspec
