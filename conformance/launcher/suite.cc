// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/suite.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "conformance/launcher/sandbox.h"
#include "conformance/launcher/strings.h"
#include "conformance/launcher/stub.h"

namespace lxcspec::launcher {

using nlohmann::json;

std::vector<std::string> SuiteCommands::Command(std::vector<std::string> arguments) const {
  std::vector<std::string> command = parts_.loader;
  command.push_back(parts_.suite);
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

std::vector<std::string> SuiteCommands::List() const { return Command({"--gtest_list_tests"}); }

std::vector<std::string> SuiteCommands::Needs() const { return Command({"--lxcspec_needs"}); }

std::vector<std::string> SuiteCommands::Claims() const {
  return Command({"--lxcspec_claims", "--lxcspec_testee=" + parts_.testee});
}

std::vector<std::string> SuiteCommands::Test(const std::string& test) const {
  return ForTests("--gtest_filter=" + test);
}

std::vector<std::string> SuiteCommands::Serve(int socket) const {
  return ForTests(fmt::format("--lxcspec_fork_server={}", socket));
}

std::vector<std::string> SuiteCommands::ForTests(std::string what) const {
  return Command({std::move(what), "--lxcspec_testee=" + parts_.testee,
                  "--lxcspec_probe=" + parts_.probe,
                  "--lxcspec_needs_file=" + std::string(kNeedsFile),
                  fmt::format("--lxcspec_result_fd={}", kResultFd),
                  "--lxcspec_scratch=" + std::string(kScratchDirectory),
                  fmt::format("--lxcspec_speed={}", speed_)});
}

std::vector<std::string> SuiteEnvironment(char** own) {
  constexpr std::array<std::string_view, 5> kPassed = {
      "LXCSPEC_", "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "TSAN_OPTIONS=", "LSAN_OPTIONS="};
  std::vector<std::string> environment = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
      "LANG=C.UTF-8"};
  for (; *own != nullptr; ++own) {
    const std::string_view variable = *own;
    const auto begins = [&](std::string_view prefix) { return variable.starts_with(prefix); };
    if (std::any_of(kPassed.begin(), kPassed.end(), begins)) environment.emplace_back(variable);
  }
  return environment;
}

std::vector<json> RecordsIn(std::string_view printed, std::string_view record) {
  std::vector<json> records;
  for (const std::string& line : SplitLines(printed)) {
    json parsed = json::parse(line, nullptr, false);
    if (!parsed.is_object()) continue;
    const auto type = parsed.find("record");
    if (type != parsed.end() && *type == record) records.push_back(std::move(parsed));
  }
  return records;
}

Claims ReadClaims(std::string_view printed, const std::optional<std::string>& failure) {
  Claims answer;
  for (const json& testee : RecordsIn(printed, "testee")) {
    if (const auto version = testee.find("version"); version != testee.end()) {
      answer.version = *version;
    }
  }
  for (json& claim : RecordsIn(printed, "claim")) {
    if (!claim.contains("extension")) continue;
    const auto same = std::find_if(answer.claims.begin(), answer.claims.end(), [&](const json& c) {
      return c["extension"] == claim["extension"];
    });
    if (same == answer.claims.end()) {
      answer.claims.push_back(std::move(claim));
    } else {
      *same = std::move(claim);
    }
  }
  for (json& claim : answer.claims) {
    if (!claim.contains("claimed")) claim["claimed"] = nullptr;
    if (!claim.contains("reason")) claim["reason"] = "";
    const bool explained = claim["reason"] != "";
    if (claim["claimed"].is_null() && (failure || !explained)) {
      claim["reason"] = "asking for the claims: " + failure.value_or("no answer");
    }
  }
  return answer;
}

}  // namespace lxcspec::launcher
