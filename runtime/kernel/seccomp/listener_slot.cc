// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/seccomp/listener_slot.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <new>

namespace lxcspec::runtime {

struct ListenerSlot::Shared {
  // Its number and one, so that zeroed memory holds none.
  std::atomic<int> offered = 0;
  std::atomic<bool> is_taken = false;
};

void ListenerSlot::Unmap::operator()(Shared* shared) const { munmap(shared, sizeof(Shared)); }

Result<ListenerSlot> ListenerSlot::Create() {
  static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);
  void* const memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return ErrnoFailure("mmap()");
  return ListenerSlot(new (memory) Shared);
}

void ListenerSlot::Offer(int fd) const {
  shared_->offered.store(fd + 1, std::memory_order_release);
  while (!shared_->is_taken.load(std::memory_order_acquire)) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
  }
}

std::optional<int> ListenerSlot::Offered() const {
  const int offered = shared_->offered.load(std::memory_order_acquire);
  return offered == 0 ? std::nullopt : std::optional(offered - 1);
}

void ListenerSlot::Take() const { shared_->is_taken.store(true, std::memory_order_release); }

Result<UniqueFd> DescriptorOf(const UniqueFd& pidfd, int fd) {
  UniqueFd copy(static_cast<int>(syscall(SYS_pidfd_getfd, pidfd.get(), fd, 0)));
  if (!copy.valid()) return ErrnoFailure("pidfd_getfd()");
  return copy;
}

}  // namespace lxcspec::runtime
