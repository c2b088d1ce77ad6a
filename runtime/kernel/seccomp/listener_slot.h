// SPDX-License-Identifier: Apache-2.0
//
// How a process that has just been filtered gives its listener away. Whatever system call it made
// for that could be one that waits for the listener's owner: so it makes none, but writes the
// descriptor's number into memory that both share, and goes on when that has been read.

#ifndef LXCSPEC_RUNTIME_KERNEL_SECCOMP_LISTENER_SLOT_H_
#define LXCSPEC_RUNTIME_KERNEL_SECCOMP_LISTENER_SLOT_H_

#include <atomic>
#include <memory>
#include <optional>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

class ListenerSlot {
 public:
  // Made before the other process is.
  static Result<ListenerSlot> Create();

  // The filtered process: offers a descriptor and returns when it was taken. Makes no system call.
  void Offer(int fd) const;

  // The other one: the descriptor's number in the filtered process, once there is one.
  std::optional<int> Offered() const;
  // Lets it go on.
  void Take() const;

 private:
  struct Shared;
  struct Unmap {
    void operator()(Shared* shared) const;
  };

  explicit ListenerSlot(Shared* shared) : shared_(shared) {}

  std::unique_ptr<Shared, Unmap> shared_;
};

// A duplicate, close-on-exec, of another process's descriptor: pidfd_getfd(2).
Result<UniqueFd> DescriptorOf(const UniqueFd& pidfd, int fd);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_SECCOMP_LISTENER_SLOT_H_
