// SPDX-License-Identifier: Apache-2.0
//
// Which tests to run, in which order.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_PLAN_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_PLAN_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/posix/result.h"

namespace lxcspec::launcher {

struct PlannedTest {
  std::string test;
  int iteration = 1;

  auto operator<=>(const PlannedTest&) const = default;
};

// One of `count` parts of a plan, which together are the plan.
struct Shard {
  int index = 1;  // from 1
  int count = 1;
};

struct PlanOptions {
  int repeat = 1;
  std::optional<uint64_t> seed;
  Shard shard;
};

// The names in what a GoogleTest program prints for `--gtest_list_tests`. Refuses disabled tests:
// they would be left out without a verdict.
Result<std::vector<std::string>> ParseTestList(std::string_view listing);

// One name a line; empty lines and lines that begin with `#` say nothing.
std::vector<std::string> ParseTestsFile(std::string_view text);

// The tests of `all` that `wanted` names, in the order of `all`. Fails for a name that `all` lacks.
Result<std::vector<std::string>> Select(const std::vector<std::string>& all,
                                        const std::vector<std::string>& wanted);

// "2/5"
Result<Shard> ParseShard(std::string_view text);

// Deals the tests out to the shards in turn, repeats, then shuffles. The same seed gives the same
// order everywhere.
std::vector<PlannedTest> MakePlan(const std::vector<std::string>& tests,
                                  const PlanOptions& options);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_PLAN_H_
