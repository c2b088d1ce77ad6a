// SPDX-License-Identifier: Apache-2.0
//
// Why something failed: an errno, and what was attempted when it arose.

#ifndef LXCSPEC_RUNTIME_BASE_ERROR_H_
#define LXCSPEC_RUNTIME_BASE_ERROR_H_

#include <string>

namespace lxcspec::runtime {

struct Error {
  // A positive errno value.
  int code = 0;
  // What was attempted: "openat(/sys/fs/cgroup/x, O_PATH)", "lxc.tty.max: -1 is no number".
  std::string attempted;

  // One line for people: what was attempted and what the errno means.
  std::string ToString() const;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_BASE_ERROR_H_
