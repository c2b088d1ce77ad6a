// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/console/read_pace.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace lxcspec::runtime {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

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

constexpr uint64_t kRun = uint64_t{64} * 1024;
// Output that takes longer for a run is no flood, or another one.
constexpr milliseconds kLongestRun(8);
// At a flood's beginning the ways take turns; then one run in so many is given to the way that
// seems worse.
constexpr uint64_t kFirstRuns = 3;
constexpr uint64_t kTrial = 16;
// The small reads must be worth that much more than the large ones, as a logarithm.
constexpr double kWorthIt = 0.15;
// Of what is known, that share is of the newest comparison.
constexpr double kNewest = 0.25;

ReadPace::Way Other(ReadPace::Way way) {
  return way == ReadPace::Way::kSmall ? ReadPace::Way::kLarge : ReadPace::Way::kSmall;
}

double Seconds(ReadPace::Nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

ReadPace::ReadPace(Clock time, Clock processor_time)
    : time_(std::move(time)), processor_time_(std::move(processor_time)) {}

bool ReadPace::ReadsOn(uint64_t count) const {
  return way_ == Way::kSmall ? count > 0 : count >= kLargeRead;
}

ReadPace::Nanoseconds ReadPace::NextPause(uint64_t bytes) {
  if (bytes == 0) {
    run_.reset();
    small_visits_ = 0;
    pause_ = Nanoseconds(0);
    return pause_;
  }
  Measure(bytes);
  if (way_ == Way::kSmall) return Nanoseconds(0);
  if (pause_ == Nanoseconds(0)) {
    small_visits_ = bytes < kMuch ? small_visits_ + 1 : 0;
    if (small_visits_ >= kVisitsBeforePause) pause_ = kShortest;
    return pause_;
  }
  if (bytes >= kFull) {
    pause_ = kShortest;
    return Nanoseconds(0);
  }
  if (bytes < kLittle) {
    pause_ = std::min<Nanoseconds>(pause_ * 2, kLongest);
  } else if (bytes >= kMuch) {
    pause_ = std::max<Nanoseconds>(pause_ / 2, kShortest);
  }
  return pause_;
}

void ReadPace::Measure(uint64_t bytes) {
  const Nanoseconds now = time_();
  const Nanoseconds before = std::exchange(visited_, now);
  if (now - (run_ ? run_->began : before) > kLongestRun) Forget();
  if (!run_) {
    // When the first bytes began to come is not known, so they do not count.
    run_ = Run{now, processor_time_(), 0};
    return;
  }
  run_->bytes += bytes;
  if (run_->bytes < kRun) return;
  const Nanoseconds took = now - run_->began;
  const Nanoseconds processor_took = processor_time_() - run_->processor_began;
  if (took.count() > 0 && processor_took.count() > 0) {
    // A way is worth its bytes a second, and its bytes a second of processor time.
    const auto counted = static_cast<double>(run_->bytes);
    Compare({way_, counted / Seconds(took) * counted / Seconds(processor_took)});
  }
  run_.reset();
}

void ReadPace::Forget() {
  way_ = Way::kLarge;
  run_.reset();
  last_.reset();
  advantage_ = 0;
  runs_ = 0;
}

// A machine's other work comes and goes, and so only runs that follow each other are compared.
void ReadPace::Compare(const Worth& newest) {
  if (last_ && last_->way != newest.way) {
    const double gain = std::log(newest.worth / last_->worth);
    const double advantage = newest.way == Way::kSmall ? gain : -gain;
    advantage_ += kNewest * (advantage - advantage_);
  }
  last_ = newest;
  const Way better = advantage_ > kWorthIt ? Way::kSmall : Way::kLarge;
  ++runs_;
  const bool is_trial = runs_ % kTrial == 0;
  way_ = runs_ < kFirstRuns ? Other(way_) : is_trial ? Other(better) : better;
}

}  // namespace lxcspec::runtime
