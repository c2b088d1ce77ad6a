// SPDX-License-Identifier: Apache-2.0
//
// The owner of one file descriptor.

#ifndef LXCSPEC_RUNTIME_BASE_UNIQUE_FD_H_
#define LXCSPEC_RUNTIME_BASE_UNIQUE_FD_H_

namespace lxcspec::runtime {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept;
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd();

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  // The descriptor, which is from now on the caller's to close.
  [[nodiscard]] int Release();

 private:
  int fd_ = -1;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_BASE_UNIQUE_FD_H_
