// SPDX-License-Identifier: Apache-2.0
//
// Result<T>: what every function that can fail returns. Success changes state, failure leaves it.

#ifndef LXCSPEC_RUNTIME_BASE_RESULT_H_
#define LXCSPEC_RUNTIME_BASE_RESULT_H_

#include <cerrno>
#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "runtime/base/error.h"

namespace lxcspec::runtime {

template <typename T>
using Result = tl::expected<T, Error>;

using Status = Result<void>;

[[nodiscard]] inline tl::unexpected<Error> Failure(int code, std::string attempted) {
  return tl::unexpected<Error>(Error{.code = code, .attempted = std::move(attempted)});
}

// Fails with the current errno.
[[nodiscard]] inline tl::unexpected<Error> ErrnoFailure(std::string attempted) {
  const int code = errno;
  return Failure(code, std::move(attempted));
}

[[nodiscard]] inline tl::unexpected<Error> Forward(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace lxcspec::runtime

// Ends the enclosing function with the error of a Status that failed.
#define TRY(expression)                                             \
  do {                                                              \
    if (auto tried = (expression); !tried) {                        \
      return ::lxcspec::runtime::Forward(std::move(tried).error()); \
    }                                                               \
  } while (false)

#endif  // LXCSPEC_RUNTIME_BASE_RESULT_H_
