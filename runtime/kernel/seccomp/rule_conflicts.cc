// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/seccomp/rule_conflicts.h"

#include <algorithm>

namespace lxcspec::runtime {
namespace {

constexpr uint64_t kMost = UINT64_MAX;
constexpr uint64_t kLowHalf = UINT32_MAX;

// What lies between two ends; empty where they are the wrong way round.
struct Interval {
  uint64_t low = 0;
  uint64_t high = kMost;

  bool IsEmpty() const { return low > high; }
};

constexpr Interval kNothing{.low = 1, .high = 0};

// The smallest interval that holds all numbers that pass.
Interval Around(const ArgumentTest& test) {
  switch (test.comparison) {
    case Comparison::kLess:
      return test.value == 0 ? kNothing : Interval{.high = test.value - 1};
    case Comparison::kLessOrEqual:
      return {.high = test.value};
    case Comparison::kEqual:
      return {.low = test.value, .high = test.value};
    case Comparison::kGreaterOrEqual:
      return {.low = test.value};
    case Comparison::kGreater:
      return test.value == kMost ? kNothing : Interval{.low = test.value + 1};
    case Comparison::kMaskedEqual:
      // Every bit that is asked for at its value, every other one clear or set.
      return {.low = test.value & test.mask, .high = (test.value & test.mask) | ~test.mask};
    case Comparison::kNotEqual:
      break;
  }
  return {};
}

bool Passes(const ArgumentTest& test, uint64_t argument) {
  if (test.comparison == Comparison::kNotEqual) return argument != test.value;
  if (test.comparison == Comparison::kMaskedEqual) {
    return (argument & test.mask) == (test.value & test.mask);
  }
  const Interval around = Around(test);
  return around.low <= argument && argument <= around.high;
}

// Of the same argument.
bool CanBothHold(const ArgumentTest& one, const ArgumentTest& other) {
  const Interval first = Around(one);
  const Interval second = Around(other);
  const Interval common{.low = std::max(first.low, second.low),
                        .high = std::min(first.high, second.high)};
  if (first.IsEmpty() || second.IsEmpty() || common.IsEmpty()) return false;
  if (common.low == common.high) return Passes(one, common.low) && Passes(other, common.low);
  if (one.comparison == Comparison::kMaskedEqual && other.comparison == Comparison::kMaskedEqual) {
    return ((one.value ^ other.value) & one.mask & other.mask) == 0;
  }
  return true;
}

// Whether a number is one of 32 bits, unsigned or negative.
bool FitsIn32Bits(uint64_t value) {
  return value <= kLowHalf || static_cast<int64_t>(value) == static_cast<int32_t>(value);
}

}  // namespace

bool CanBothHold(const std::vector<ArgumentTest>& some, const std::vector<ArgumentTest>& others) {
  for (const ArgumentTest& one : some) {
    for (const ArgumentTest& other : others) {
      if (one.index == other.index && !CanBothHold(one, other)) return false;
    }
  }
  return true;
}

std::optional<std::vector<ArgumentTest>> Narrowed(const std::vector<ArgumentTest>& tests) {
  std::vector<ArgumentTest> narrowed;
  for (ArgumentTest test : tests) {
    if (test.comparison == Comparison::kMaskedEqual) test.value &= test.mask;
    const bool fits = FitsIn32Bits(test.value);
    switch (test.comparison) {
      case Comparison::kNotEqual:
      case Comparison::kLess:
      case Comparison::kLessOrEqual:
        // Every argument passes.
        if (!fits) continue;
        break;
      case Comparison::kEqual:
      case Comparison::kGreaterOrEqual:
      case Comparison::kGreater:
      case Comparison::kMaskedEqual:
        if (!fits) return std::nullopt;
        break;
    }
    test.value &= kLowHalf;
    test.mask &= kLowHalf;
    narrowed.push_back(test);
  }
  return narrowed;
}

}  // namespace lxcspec::runtime
