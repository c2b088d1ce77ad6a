// SPDX-License-Identifier: Apache-2.0
//
// How long single calls take: a mean hides the few that take long.

#ifndef LXCSPEC_BENCH_HARNESS_LATENCIES_H_
#define LXCSPEC_BENCH_HARNESS_LATENCIES_H_

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace lxcspec {

class Latencies {
 public:
  using Clock = std::chrono::steady_clock;

  void Add(Clock::duration time) {
    times_.push_back(std::chrono::duration<double, std::micro>(time).count());
  }

  // In microseconds: what this share of the calls stays below, from 0 to 1; 0 without a call.
  double Percentile(double share) const {
    if (times_.empty()) return 0;
    std::vector<double> sorted = times_;
    const auto rank =
        static_cast<size_t>(std::lround(share * static_cast<double>(sorted.size() - 1)));
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<ptrdiff_t>(rank), sorted.end());
    return sorted[rank];
  }

  // As the benchmark's counters p50_us, p90_us, p99_us and max_us.
  void Tell(benchmark::State& state) const {
    for (const int percent : {50, 90, 99}) {
      state.counters["p" + std::to_string(percent) + "_us"] = Percentile(percent / 100.0);
    }
    state.counters["max_us"] = Percentile(1);
  }

 private:
  std::vector<double> times_;
};

}  // namespace lxcspec

#endif  // LXCSPEC_BENCH_HARNESS_LATENCIES_H_
