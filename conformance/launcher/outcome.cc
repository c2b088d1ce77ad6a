// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/outcome.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <cctype>
#include <csignal>
#include <cstring>

#include "conformance/launcher/suite_result.h"

namespace lxcspec::launcher {
namespace {

Outcome Verdict(const SuiteResult& said, const char* verdict, const std::string& reason) {
  return {.requirements = said.requirements,
          .verdict = verdict,
          .reason = reason,
          .message = reason,
          .leaks = {}};
}

}  // namespace

std::string DescribeEnd(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    const char* name = sigabbrev_np(WTERMSIG(wait_status));
    return name != nullptr ? fmt::format("killed by SIG{}", name)
                           : fmt::format("killed by signal {}", WTERMSIG(wait_status));
  }
  return fmt::format("exited with status {}", WEXITSTATUS(wait_status));
}

std::optional<std::string> DescribeFailure(const ProcessFacts& facts) {
  if (facts.not_started) return *facts.not_started;
  if (facts.flooded) return "printed more than the launcher accepts";
  if (facts.timed_out && !facts.status) return "did not end by its deadline";
  if (!facts.status) return "took down the process that supervised it";
  if (*facts.status != 0) return DescribeEnd(*facts.status);
  return std::nullopt;
}

Outcome Judge(const ProcessFacts& facts, const std::string& test) {
  const SuiteResult said = ParseSuiteResult(facts.result, test);
  if (facts.not_started) return Verdict(said, "broken", *facts.not_started);
  if (!facts.started) return Verdict(said, "broken", "the sandbox was not ready by the deadline");
  if (facts.flooded) return Verdict(said, "fail", *DescribeFailure(facts));
  if (!facts.status) {
    return Verdict(said, facts.timed_out ? "timeout" : "crash", *DescribeFailure(facts));
  }
  if (WIFSIGNALED(*facts.status)) {
    return Verdict(said, "crash",
                   DescribeEnd(*facts.status) +
                       (said.verdict.empty() ? "" : " after it had written its result"));
  }
  if (said.malformed) {
    return Verdict(said, "broken",
                   "what came on the result descriptor is no result: " + *said.malformed);
  }
  if (said.verdict.empty()) {
    return Verdict(said, "crash", DescribeEnd(*facts.status) + " without having written a result");
  }
  if (!facts.leaks) return Verdict(said, "broken", "the leak audit did not end");
  std::vector<Leak> leaks = said.leaks;
  leaks.insert(leaks.end(), facts.leaks->begin(), facts.leaks->end());
  return {.requirements = said.requirements,
          .verdict = said.verdict,
          .reason = said.reason,
          .message = said.message,
          .leaks = Normalised(std::move(leaks))};
}

std::string ExtensionOf(const std::vector<std::string>& requirements, const std::string& test) {
  if (!requirements.empty()) return requirements[0].substr(0, requirements[0].find('.'));
  std::string suite = test.substr(0, test.find('.'));
  // Parameterised suites are `Instance/Suite` (GoogleTest).
  if (const size_t slash = suite.find('/'); slash != std::string::npos) suite.erase(0, slash + 1);
  if (suite.ends_with("Test")) suite.resize(suite.size() - 4);
  std::string extension;
  for (const char c : suite) {
    if (isupper(c) != 0 && !extension.empty()) extension += '_';
    extension += static_cast<char>(tolower(c));
  }
  return extension;
}

}  // namespace lxcspec::launcher
