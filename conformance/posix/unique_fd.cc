// SPDX-License-Identifier: Apache-2.0

#include "conformance/posix/unique_fd.h"

#include <unistd.h>

#include <cerrno>

namespace lxcspec {

void UniqueFd::Reset(int fd) {
  const int old = std::exchange(fd_, fd);
  if (old < 0) return;
  // Owners are destroyed on error paths, whose errno must survive. On Linux close() frees the
  // descriptor even when it answers EINTR (close(2)), so it is not repeated.
  const int saved = errno;
  close(old);
  errno = saved;
}

}  // namespace lxcspec
