// SPDX-License-Identifier: Apache-2.0
//
// An errno and what was attempted when it arose, so that a message says what to look at.

#ifndef LXCSPEC_CONFORMANCE_POSIX_ERROR_H_
#define LXCSPEC_CONFORMANCE_POSIX_ERROR_H_

#include <ostream>
#include <string>

namespace lxcspec {

struct Error {
  // An errno value, positive; 0 where the caller was told of a failure and of nothing more.
  int code = 0;
  // What was attempted, as a call: `openat(/sys/fs/cgroup/x, O_PATH)`.
  std::string attempted;

  // "openat(/x, O_PATH): ENOENT (No such file or directory)"
  std::string ToString() const;

  friend std::ostream& operator<<(std::ostream& out, const Error& error) {
    return out << error.ToString();
  }
};

// The symbolic name of an errno: "ENOENT"; the number for one that has no name.
std::string ErrnoName(int code);

// The current errno with what was attempted.
Error ErrnoError(std::string attempted);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_POSIX_ERROR_H_
