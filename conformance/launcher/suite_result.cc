// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/suite_result.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "conformance/launcher/strings.h"

namespace lxcspec::launcher {
namespace {

using nlohmann::json;

// A suite whose testee is a process of its own lives to tell of its crash.
constexpr std::array<std::string_view, 5> kVerdicts = {"pass", "fail", "unsupported", "broken",
                                                       "crash"};
constexpr std::array<std::string_view, 7> kLeakClasses = {"process", "zombie", "fd",  "mount",
                                                          "cgroup",  "netdev", "file"};

// The member, or nothing if it is absent or of another type.
std::optional<std::string> StringMember(const json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

bool ReadRequirements(const json& line, SuiteResult& result) {
  const auto requirements = line.find("requirements");
  if (requirements == line.end() || !requirements->is_array()) return false;
  std::vector<std::string> ids;
  for (const json& id : *requirements) {
    if (!id.is_string()) return false;
    ids.push_back(id.get<std::string>());
  }
  result.requirements = std::move(ids);
  return true;
}

bool ReadLeaks(const json& line, SuiteResult& result) {
  const auto leaks = line.find("leaks");
  if (leaks == line.end()) return true;
  if (!leaks->is_array()) return false;
  for (const json& leak : *leaks) {
    if (!leak.is_object()) return false;
    const auto leak_class = StringMember(leak, "class");
    const auto what = StringMember(leak, "what");
    if (!leak_class || !what) return false;
    if (std::find(kLeakClasses.begin(), kLeakClasses.end(), *leak_class) == kLeakClasses.end()) {
      return false;
    }
    result.leaks.push_back({*leak_class, *what});
  }
  return true;
}

// Returns what is wrong with the line.
std::optional<std::string> ReadLine(const json& line, const std::string& test,
                                    SuiteResult& result) {
  if (!line.is_object()) return "a line is no JSON object";
  if (StringMember(line, "test") != test) return "a line is about another test";
  if (!result.verdict.empty()) return "something follows the verdict";
  if (!ReadRequirements(line, result)) return "`requirements` is not a list of ids";
  if (!line.contains("verdict")) return std::nullopt;
  const std::string verdict = StringMember(line, "verdict").value_or("");
  if (std::find(kVerdicts.begin(), kVerdicts.end(), verdict) == kVerdicts.end()) {
    return "`verdict` is none that a suite can give";
  }
  if (!ReadLeaks(line, result)) return "`leaks` is not a list of leaks";
  result.reason = StringMember(line, "reason").value_or("");
  result.message = StringMember(line, "message").value_or("");
  result.verdict = verdict;
  return std::nullopt;
}

}  // namespace

SuiteResult ParseSuiteResult(std::string_view written, const std::string& test) {
  SuiteResult result;
  if (written.size() > kLargestResult) {
    result.malformed = "it is too large";
    return result;
  }
  for (const std::string& text : SplitLines(written)) {
    const json line = json::parse(text, nullptr, /*allow_exceptions=*/false);
    result.malformed = line.is_discarded() ? "a line is not JSON" : ReadLine(line, test, result);
    if (result.malformed) break;
  }
  return result;
}

}  // namespace lxcspec::launcher
