// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/init_pidfd.h"

#include <fcntl.h>

#include <cerrno>

namespace lxcspec::runtime {

Result<UniqueFd> InitPidfdForClient(const UniqueFd& init) {
  if (!init.valid()) return Failure(EBADF, "the container has no init at the moment");
  // It came into being with the process, so it refers to no other: init_pidfd.refers_to_init
  // init_pidfd.close_on_exec
  UniqueFd copy(fcntl(init.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return ErrnoFailure("fcntl(F_DUPFD_CLOEXEC)");
  return copy;
}

int InitPidfdError(int code) {
  // init_pidfd.stopped init_pidfd.after_stop
  // A monitor that ends while it is asked belongs to a container that has stopped.
  if (code == ECONNRESET || code == EPIPE) return ECONNREFUSED;
  // init_pidfd.no_pidfds
  if (code == ENOSYS) return EBADF;
  return code;
}

}  // namespace lxcspec::runtime
