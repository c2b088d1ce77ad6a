// SPDX-License-Identifier: Apache-2.0
//
// How much to read from a console at once, and when to look again. A pty costs by the read and by
// the wake-up, not by the byte: who waits a little after a little output reads more at a time. How
// large a read is best under much output depends on whether the kernel's half of the pty has a
// processor of its own, so it is measured while it goes on.

#ifndef LXCSPEC_RUNTIME_CONTAINER_CONSOLE_READ_PACE_H_
#define LXCSPEC_RUNTIME_CONTAINER_CONSOLE_READ_PACE_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lxcspec::runtime {

class ReadPace {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  // What reads of a small and of a large size ask for.
  static constexpr std::array<size_t, 2> kSizes = {1024, 3584};

  size_t read_size() const { return kSizes[size_]; }

  // A visit read that many bytes, until there was no more or its budget was spent, and ended at
  // that moment. How long to wait before the next; zero: only until there is something.
  Nanoseconds NextPause(uint64_t bytes, Nanoseconds now);

 private:
  void Measure(uint64_t bytes, Nanoseconds now);

  size_t size_ = 1;
  // The run of large visits that is being measured.
  Nanoseconds run_began_{0};
  uint64_t run_bytes_ = 0;
  uint64_t runs_ = 0;
  // Bytes a second that each size brought lately; 0: not tried.
  std::array<double, kSizes.size()> speeds_{};

  int small_visits_ = 0;
  Nanoseconds pause_{0};
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_CONSOLE_READ_PACE_H_
