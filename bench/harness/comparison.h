// SPDX-License-Identifier: Apache-2.0
//
// The command line of a program that measures two implementations in one interleaved run.

#ifndef LXCSPEC_BENCH_HARNESS_COMPARISON_H_
#define LXCSPEC_BENCH_HARNESS_COMPARISON_H_

#include <functional>
#include <string>
#include <vector>

#include "conformance/posix/result.h"
#include "conformance/testee/testee.h"

namespace lxcspec {

// What has to be said beside --testee and --against.
struct ComparisonOption {
  const char* name;
  const char* help;
  std::string* value;
};

struct Comparison {
  const char* description;
  std::vector<ComparisonOption> options;
  // Registers benchmarks and calls RunRegistered(). What it made of the two is gone when it ends.
  std::function<Status(Testee& testee, Testee& against)> measure;
};

// Takes Google Benchmark's flags too. The program's exit code: 0, 2 for a wrong command line, 3
// where something could not be measured.
int RunComparison(int argc, char** argv, const Comparison& comparison);

// ENOENT where the command line selects none.
Status RunRegistered();

}  // namespace lxcspec

#endif  // LXCSPEC_BENCH_HARNESS_COMPARISON_H_
