// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/console/read_pace.h"

#include <algorithm>

namespace lxcspec::runtime {
namespace {

using std::chrono::microseconds;

// Nearly all that the kernel holds for a pty's reader: the writer may have waited for this visit.
constexpr uint64_t kFull = 3840;
// Half of it is worth a visit; a quarter would have been so later.
constexpr uint64_t kMuch = 2048;
constexpr uint64_t kLittle = 1024;
// A pause is for output that trickles, not for a gap in a flood.
constexpr int kVisitsBeforePause = 2;
constexpr microseconds kShortest(200);
// Nobody sees output later than that.
constexpr microseconds kLongest(4000);

constexpr uint64_t kRun = uint64_t{256} * 1024;
// One run in so many is given to the size that seems worse.
constexpr uint64_t kTrial = 16;
// The small size costs more processor time, and so must be faster by that much.
constexpr double kWorthIt = 1.1;

}  // namespace

ReadPace::Nanoseconds ReadPace::NextPause(uint64_t bytes, Nanoseconds now) {
  const bool is_pausing = pause_ != Nanoseconds(0);
  if (bytes >= (is_pausing ? kFull : kMuch)) {
    small_visits_ = 0;
    pause_ = Nanoseconds(0);
    Measure(bytes, now);
    return pause_;
  }
  run_bytes_ = 0;
  if (bytes == 0) {
    small_visits_ = 0;
    pause_ = Nanoseconds(0);
    return pause_;
  }
  if (!is_pausing) {
    if (++small_visits_ >= kVisitsBeforePause) pause_ = kShortest;
  } else if (bytes < kLittle) {
    pause_ = std::min<Nanoseconds>(pause_ * 2, kLongest);
  } else if (bytes >= kMuch) {
    pause_ = std::max<Nanoseconds>(pause_ / 2, kShortest);
  }
  return pause_;
}

void ReadPace::Measure(uint64_t bytes, Nanoseconds now) {
  if (run_bytes_ == 0) {
    // When it began is not known, so its bytes do not count.
    run_began_ = now;
    run_bytes_ = 1;
    return;
  }
  run_bytes_ += bytes;
  if (run_bytes_ < kRun || now <= run_began_) return;
  const double speed =
      static_cast<double>(run_bytes_) / std::chrono::duration<double>(now - run_began_).count();
  double& known = speeds_[size_];
  known = known == 0 ? speed : (known * 3 + speed) / 4;
  ++runs_;
  const bool small_is_better = speeds_[0] > speeds_[1] * kWorthIt;
  const bool try_other = speeds_[0] == 0 || runs_ % kTrial == 0;
  const size_t better = small_is_better ? 0 : 1;
  size_ = try_other ? 1 - better : better;
  run_bytes_ = 0;
}

}  // namespace lxcspec::runtime
