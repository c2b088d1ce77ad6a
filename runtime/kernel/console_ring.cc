// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/console_ring.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <bit>
#include <cerrno>
#include <utility>

namespace lxcspec::runtime {
namespace {

constexpr uint64_t kHugePage = uint64_t{2} * 1024 * 1024;

}  // namespace

Result<ConsoleRing> ConsoleRing::Create(uint64_t capacity) {
  if (!std::has_single_bit(capacity)) {
    return Failure(EINVAL, fmt::format("a ring of {} bytes, which is no power of two", capacity));
  }
  void* memory = mmap(nullptr, capacity, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return ErrnoFailure(fmt::format("mmap({} bytes)", capacity));
  // The first lap through a large ring is a page fault for every page otherwise.
  if (capacity >= kHugePage) madvise(memory, capacity, MADV_HUGEPAGE);
  // What a container printed is nobody's business in a core dump, or in a forked child.
  madvise(memory, capacity, MADV_DONTDUMP);
  return ConsoleRing(static_cast<char*>(memory), capacity);
}

ConsoleRing::ConsoleRing(ConsoleRing&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      mask_(other.mask_),
      head_(other.head_),
      tail_(other.tail_) {}

ConsoleRing& ConsoleRing::operator=(ConsoleRing&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(mask_, other.mask_);
  std::swap(head_, other.head_);
  std::swap(tail_, other.tail_);
  return *this;
}

ConsoleRing::~ConsoleRing() {
  if (memory_ != nullptr) munmap(memory_, capacity());
}

uint64_t ConsoleRing::Copy(std::span<char> bytes) const {
  uint64_t copied = 0;
  for (const iovec& piece : Oldest(bytes.size())) {
    if (piece.iov_len > 0) memcpy(bytes.data() + copied, piece.iov_base, piece.iov_len);
    copied += piece.iov_len;
  }
  return copied;
}

void ConsoleRing::WriteAcross(std::span<const char> bytes) {
  if (bytes.size() > capacity()) {
    // As if the rest had been written before.
    head_ += bytes.size() - capacity();
    tail_ = std::max(tail_, head_ - std::min(head_, capacity()));
    bytes = bytes.last(capacity());
  }
  for (const iovec& piece : Reserve(bytes.size())) {
    if (piece.iov_len > 0) memcpy(piece.iov_base, bytes.data(), piece.iov_len);
    bytes = bytes.subspan(piece.iov_len);
    Commit(piece.iov_len);
  }
}

}  // namespace lxcspec::runtime
