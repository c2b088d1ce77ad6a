// SPDX-License-Identifier: Apache-2.0
//
// The owner of one file descriptor.

#ifndef LXCSPEC_CONFORMANCE_POSIX_UNIQUE_FD_H_
#define LXCSPEC_CONFORMANCE_POSIX_UNIQUE_FD_H_

#include <utility>

namespace lxcspec {

// Closes its descriptor when destroyed; moved from, it owns nothing.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) Reset(other.Release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { Reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  // Gives the descriptor up to the caller.
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }
  void Reset(int fd = -1);

 private:
  int fd_ = -1;
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_POSIX_UNIQUE_FD_H_
