// SPDX-License-Identifier: Apache-2.0

#include "runtime/base/unique_fd.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace lxcspec::runtime {

UniqueFd::UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

UniqueFd::~UniqueFd() {
  if (fd_ < 0) return;
  // Owners end on error paths, whose errno must survive. Linux frees the descriptor even when
  // close(2) answers EINTR, so it is not repeated.
  const int saved = errno;
  close(fd_);
  errno = saved;
}

int UniqueFd::Release() { return std::exchange(fd_, -1); }

}  // namespace lxcspec::runtime
