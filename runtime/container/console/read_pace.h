// SPDX-License-Identifier: Apache-2.0
//
// How much to read from a console at once, and when to look again. A pty costs by the read and by
// the wake-up, not by the byte: who waits a little after a little output reads more at a time.
// Which way is best under much output depends on whether the kernel's half of the pty has a
// processor of its own, and on what it costs to take memory over from there, so it is measured
// while it goes on.

#ifndef LXCSPEC_RUNTIME_CONTAINER_CONSOLE_READ_PACE_H_
#define LXCSPEC_RUNTIME_CONTAINER_CONSOLE_READ_PACE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

namespace lxcspec::runtime {

class ReadPace {
 public:
  using Nanoseconds = std::chrono::nanoseconds;
  using Clock = std::function<Nanoseconds()>;

  // Small reads follow each other until nothing is left, and are not paused between: they keep pace
  // with a kernel that fills the pty on another processor. Large ones take what has gathered.
  enum class Way { kSmall, kLarge };

  // What a read asks for.
  static constexpr size_t kSmallRead = 1024;
  static constexpr size_t kLargeRead = 3584;

  // The time of day does not matter, only how it goes on; and the processor time of who reads.
  ReadPace(Clock time, Clock processor_time);

  Way way() const { return way_; }
  size_t read_size() const { return way_ == Way::kSmall ? kSmallRead : kLargeRead; }
  // Whether a visit reads on after a read that brought so many bytes.
  bool ReadsOn(uint64_t count) const;

  // A visit read that many bytes, until there was no more or its budget was spent. How long to wait
  // before the next; zero: only until there is something.
  Nanoseconds NextPause(uint64_t bytes);

 private:
  // So many bytes of a flood, read in one way.
  struct Run {
    Nanoseconds began;
    Nanoseconds processor_began;
    uint64_t bytes;
  };
  // What is compared with the run before it, if that was read in the other way.
  struct Worth {
    Way way;
    double worth;
  };

  void Measure(uint64_t bytes);
  void Forget();
  void Compare(const Worth& newest);

  Clock time_;
  Clock processor_time_;
  Way way_ = Way::kLarge;
  Nanoseconds visited_{0};
  std::optional<Run> run_;
  std::optional<Worth> last_;
  // Logarithm of how much more small reads were worth than large ones lately.
  double advantage_ = 0;
  uint64_t runs_ = 0;

  int small_visits_ = 0;
  Nanoseconds pause_{0};
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_CONSOLE_READ_PACE_H_
