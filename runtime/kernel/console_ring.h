// SPDX-License-Identifier: Apache-2.0
//
// The newest bytes of a stream, in memory of a fixed size. Whoever reads a descriptor lets read(2)
// put the bytes where they stay: Reserve(), readv(2), Commit(). For one thread.
//
// The memory is a power of two, and a position modulo it is where a byte is: a run of bytes lies in
// one piece, or in two where it crosses the end.

#ifndef LXCSPEC_RUNTIME_KERNEL_CONSOLE_RING_H_
#define LXCSPEC_RUNTIME_KERNEL_CONSOLE_RING_H_

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// A run of bytes; the second piece may be empty.
using RingPieces = std::array<iovec, 2>;

class ConsoleRing {
 public:
  // EINVAL where the capacity is no power of two or 0; ENOMEM. Memory is taken as it is filled.
  static Result<ConsoleRing> Create(uint64_t capacity);

  ConsoleRing(ConsoleRing&& other) noexcept;
  ConsoleRing& operator=(ConsoleRing&& other) noexcept;
  ~ConsoleRing();

  uint64_t capacity() const { return mask_ + 1; }
  uint64_t size() const { return head_ - tail_; }

  // Where the next `length` bytes go, at most the capacity. Nothing is lost until Commit(), unless
  // somebody writes there; what is written first pushes out what is oldest.
  RingPieces Reserve(uint64_t length) const { return Run(head_, std::min(length, capacity())); }

  // That many bytes of what was reserved were written.
  void Commit(uint64_t length) {
    head_ += length;
    if (head_ - tail_ > capacity()) tail_ = head_ - capacity();
  }

  // Any length: of more than the capacity, the end is kept.
  void Write(std::span<const char> bytes) {
    const uint64_t offset = head_ & mask_;
    if (bytes.size() > capacity() - offset) return WriteAcross(bytes);
    char* to = memory_ + offset;
    // Most lines are short, and the compiler's own copy beats the C library's for them.
    if (bytes.size() <= kShort) {
      CopyShort(to, bytes.data(), bytes.size());
    } else {
      memcpy(to, bytes.data(), bytes.size());
    }
    Commit(bytes.size());
  }

  // The oldest bytes, at most `length`; they stay. Good until the next change.
  RingPieces Oldest(uint64_t length) const { return Run(tail_, std::min(length, size())); }
  RingPieces Newest(uint64_t length) const {
    const uint64_t count = std::min(length, size());
    return Run(head_ - count, count);
  }

  // Copies the oldest bytes; returns how many there were.
  uint64_t Copy(std::span<char> bytes) const;

  // Forgets the oldest bytes, at most `length`; returns how many there were.
  uint64_t Drop(uint64_t length) {
    const uint64_t count = std::min(length, size());
    tail_ += count;
    return count;
  }

 private:
  static constexpr size_t kShort = 64;

  ConsoleRing(char* memory, uint64_t capacity) : memory_(memory), mask_(capacity - 1) {}

  static void CopyShort(char* to, const char* from, size_t size) {
    // Two copies of a fixed size that overlap make every size between them.
    if (size >= 32) return CopyEnds<Bytes32>(to, from, size);
    if (size >= 16) return CopyEnds<Bytes16>(to, from, size);
    if (size >= 8) return CopyEnds<uint64_t>(to, from, size);
    if (size >= 4) return CopyEnds<uint32_t>(to, from, size);
    if (size >= 2) return CopyEnds<uint16_t>(to, from, size);
    if (size == 1) *to = *from;
  }

  // Held in registers: an array on the stack would be guarded against overflows.
  using Bytes16 = char __attribute__((vector_size(16)));
  using Bytes32 = char __attribute__((vector_size(32)));

  template <typename Block>
  static void CopyEnds(char* to, const char* from, size_t size) {
    Block first;
    Block last;
    memcpy(&first, from, sizeof(Block));
    memcpy(&last, from + size - sizeof(Block), sizeof(Block));
    memcpy(to, &first, sizeof(Block));
    memcpy(to + size - sizeof(Block), &last, sizeof(Block));
  }

  RingPieces Run(uint64_t from, uint64_t length) const {
    const uint64_t offset = from & mask_;
    const uint64_t first = std::min(length, capacity() - offset);
    return {iovec{memory_ + offset, first}, iovec{memory_, length - first}};
  }

  void WriteAcross(std::span<const char> bytes);

  char* memory_ = nullptr;
  uint64_t mask_ = 0;
  // How many bytes were ever written, and how many of them are gone.
  uint64_t head_ = 0;
  uint64_t tail_ = 0;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_CONSOLE_RING_H_
