// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/seccomp/narrowing.h"

namespace lxcspec::runtime {
namespace {

constexpr uint64_t kLowHalf = UINT32_MAX;

// Whether a number is one of 32 bits, unsigned or negative.
bool FitsIn32Bits(uint64_t value) {
  return value <= kLowHalf || static_cast<int64_t>(value) == static_cast<int32_t>(value);
}

}  // namespace

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
