// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/plan.h"

#include <algorithm>
#include <charconv>
#include <random>
#include <set>
#include <utility>

#include "conformance/launcher/strings.h"

namespace lxcspec::launcher {
namespace {

bool ParseNumber(std::string_view text, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// Not std::shuffle, whose result each standard library chooses for itself.
void Shuffle(std::vector<PlannedTest>& plan, uint64_t seed) {
  std::mt19937_64 random(seed);
  for (size_t left = plan.size(); left > 1; --left)
    std::swap(plan[left - 1], plan[random() % left]);
}

}  // namespace

Result<std::vector<std::string>> ParseTestList(std::string_view listing) {
  std::vector<std::string> tests;
  std::string suite;
  for (const std::string& line : SplitLines(listing)) {
    // What follows a hash is the value or type of a parameter.
    const std::string_view name = Trim(std::string_view(line).substr(0, line.find('#')));
    if (line.starts_with("  ")) {
      if (suite.empty() || name.empty())
        return Fail(0, "the suite's list of tests has a line that is none: " + line);
      tests.push_back(suite + std::string(name));
      if (tests.back().find("DISABLED_") != std::string::npos) {
        return Fail(0, "the suite has a disabled test: " + tests.back());
      }
    } else if (name.ends_with('.') && name.find(' ') == std::string_view::npos) {
      suite = name;
    }
    // Any other line is GoogleTest's greeting.
  }
  return tests;
}

std::vector<std::string> ParseTestsFile(std::string_view text) {
  std::vector<std::string> names;
  for (const std::string& line : SplitLines(text)) {
    const std::string_view name = Trim(line);
    if (!name.empty() && !name.starts_with('#')) names.emplace_back(name);
  }
  return names;
}

Result<std::vector<std::string>> Select(const std::vector<std::string>& all,
                                        const std::vector<std::string>& wanted) {
  const std::set<std::string> known(all.begin(), all.end());
  const std::set<std::string> names(wanted.begin(), wanted.end());
  for (const std::string& name : names) {
    if (!known.contains(name)) return Fail(0, "the suite has no test " + name);
  }
  std::vector<std::string> selected;
  std::copy_if(all.begin(), all.end(), std::back_inserter(selected),
               [&](const std::string& test) { return names.contains(test); });
  return selected;
}

Result<Shard> ParseShard(std::string_view text) {
  const size_t slash = text.find('/');
  Shard shard;
  if (slash == std::string_view::npos || !ParseNumber(text.substr(0, slash), shard.index) ||
      !ParseNumber(text.substr(slash + 1), shard.count) || shard.index < 1 ||
      shard.index > shard.count) {
    return Fail(0, "not I/N with 1 <= I <= N: " + std::string(text));
  }
  return shard;
}

std::vector<PlannedTest> MakePlan(const std::vector<std::string>& tests,
                                  const PlanOptions& options) {
  std::vector<PlannedTest> plan;
  for (int iteration = 1; iteration <= options.repeat; ++iteration) {
    for (size_t i = 0; i < tests.size(); ++i) {
      if (static_cast<int>(i % static_cast<size_t>(options.shard.count)) + 1 ==
          options.shard.index) {
        plan.push_back({tests[i], iteration});
      }
    }
  }
  if (options.seed) Shuffle(plan, *options.seed);
  return plan;
}

}  // namespace lxcspec::launcher
