// SPDX-License-Identifier: Apache-2.0
//
// From what happened to one process of the suite to its raw verdict.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_OUTCOME_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_OUTCOME_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conformance/launcher/leak.h"

namespace lxcspec::launcher {

// What is known of one process of the suite when nothing of it is left.
struct ProcessFacts {
  // The sandbox could not be made, or the suite not be executed.
  std::optional<std::string> not_started;
  // The suite was executed.
  bool started = false;
  // Its wait status, once it ended by itself.
  std::optional<int> status;
  // The deadline that it, or the audit after it, did not keep.
  bool timed_out = false;
  // It printed more than any test has to say.
  bool flooded = false;
  // What it wrote on the result descriptor. Cut off after the size that ParseSuiteResult() refuses.
  std::string result;
  // The leak audit, if it ended.
  std::optional<std::vector<Leak>> leaks;
  // The last of what it printed.
  std::string output;
  // Standard output alone, where that was asked for.
  std::string standard_output;
  int64_t ms = 0;
};

struct Outcome {
  std::vector<std::string> requirements;
  std::string verdict;
  std::string reason;
  std::string message;
  std::vector<Leak> leaks;
};

// "killed by SIGSEGV", "exited with status 3".
std::string DescribeEnd(int wait_status);

// How the process failed to end by itself with status 0, or nothing if it did.
std::optional<std::string> DescribeFailure(const ProcessFacts& facts);

// The outcome of test `test`.
Outcome Judge(const ProcessFacts& facts, const std::string& test);

// The extension that a test is about: the first part of its requirements, or of its suite's name
// (`ConsoleLogTest` is about `console_log`).
std::string ExtensionOf(const std::vector<std::string>& requirements, const std::string& test);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_OUTCOME_H_
