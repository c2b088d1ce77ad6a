// SPDX-License-Identifier: Apache-2.0
//
// Result<T>: a value, or the Error that stands in its place.

#ifndef LXCSPEC_CONFORMANCE_POSIX_RESULT_H_
#define LXCSPEC_CONFORMANCE_POSIX_RESULT_H_

#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "conformance/posix/error.h"

namespace lxcspec {

template <typename T>
using Result = tl::expected<T, Error>;

using Status = Result<void>;

inline tl::unexpected<Error> Fail(int code, std::string attempted) {
  return tl::unexpected<Error>(Error{.code = code, .attempted = std::move(attempted)});
}

// Fails with the current errno.
inline tl::unexpected<Error> FailErrno(std::string attempted) {
  return tl::unexpected<Error>(ErrnoError(std::move(attempted)));
}

inline tl::unexpected<Error> Propagate(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace lxcspec

#define LXCSPEC_CONCAT_(a, b) a##b
#define LXCSPEC_CONCAT(a, b) LXCSPEC_CONCAT_(a, b)

// Returns the error of a failed Result from the enclosing function.
#define RETURN_IF_ERROR(expression)                            \
  do {                                                         \
    if (auto status_ = (expression); !status_) {               \
      return ::lxcspec::Propagate(std::move(status_).error()); \
    }                                                          \
  } while (false)

// Declares or assigns `target` from a Result's value, or returns its error.
#define ASSIGN_OR_RETURN(target, expression) \
  ASSIGN_OR_RETURN_(LXCSPEC_CONCAT(result_, __COUNTER__), target, expression)
#define ASSIGN_OR_RETURN_(result, target, expression)                  \
  auto result = (expression);                                          \
  if (!result) return ::lxcspec::Propagate(std::move(result).error()); \
  target = *std::move(result)

#endif  // LXCSPEC_CONFORMANCE_POSIX_RESULT_H_
