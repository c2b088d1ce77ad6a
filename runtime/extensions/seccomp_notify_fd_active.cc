// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/seccomp_notify_fd_active.h"

#include <cerrno>

namespace lxcspec::runtime {

int SeccompNotifyFdActiveError(int code) {
  // A monitor that ends while it is asked belongs to a container that has stopped.
  if (code == ECONNRESET || code == EPIPE) return ECONNREFUSED;
  return code;
}

}  // namespace lxcspec::runtime
