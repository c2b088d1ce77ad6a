// SPDX-License-Identifier: Apache-2.0
//
// What a suite writes on its result descriptor: lines that say what the test covers, then one with
// its verdict.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_SUITE_RESULT_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_SUITE_RESULT_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/launcher/leak.h"

namespace lxcspec::launcher {

// More than this is no result.
inline constexpr size_t kLargestResult = 1 << 20;

struct SuiteResult {
  // Why what was written does not keep the contract; then the rest is only what could be
  // understood.
  std::optional<std::string> malformed;
  std::vector<std::string> requirements;
  // Empty: no line had a verdict.
  std::string verdict;
  std::string reason;
  std::string message;
  std::vector<Leak> leaks;
};

SuiteResult ParseSuiteResult(std::string_view written, const std::string& test);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_SUITE_RESULT_H_
