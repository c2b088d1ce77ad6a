// SPDX-License-Identifier: Apache-2.0

#include "vmtests/guest/job.h"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

namespace lxcspec::guest {
namespace {

using nlohmann::json;

Result<Sabotage> ParseSabotage(const json& value) {
  static const std::map<std::string, Sabotage::Act> kActs = {
      {"panic", Sabotage::Act::kPanic},   {"hang", Sabotage::Act::kHang},
      {"stall", Sabotage::Act::kStall},   {"splat", Sabotage::Act::kSplat},
      {"reboot", Sabotage::Act::kReboot}, {"memory", Sabotage::Act::kMemory}};
  const auto act = kActs.find(value.at("act").get<std::string>());
  if (act == kActs.end()) return Fail(EINVAL, "sabotage: unknown act " + value.at("act").dump());
  return Sabotage{.act = act->second, .test = value.at("test").get<std::string>()};
}

Result<CgroupLayout> ParseCgroupLayout(const json& value) {
  if (value == "unified") return CgroupLayout::kUnified;
  if (value == "hybrid") return CgroupLayout::kHybrid;
  if (value == "legacy") return CgroupLayout::kLegacy;
  return Fail(EINVAL, "job: unknown cgroup layout " + value.dump());
}

}  // namespace

Result<Job> ParseJob(std::string_view text) {
  // nlohmann's accessors throw; this is the one place that turns them into results.
  try {
    const json value = json::parse(text);
    if (value.at("schema") != 1)
      return Fail(EINVAL, "job: unknown schema " + value.at("schema").dump());
    Job job;
    ASSIGN_OR_RETURN(job.cgroup, ParseCgroupLayout(value.at("cgroup")));
    job.modules = value.at("modules").get<std::vector<std::string>>();
    job.command = value.at("command").get<std::vector<std::string>>();
    job.environment = value.at("environment").get<std::vector<std::string>>();
    job.on_console = value.value("on_console", false);
    job.results = value.at("results").get<std::string>();
    job.heartbeat_ms = value.at("heartbeat_ms").get<int>();
    if (job.heartbeat_ms <= 0) return Fail(EINVAL, "job: heartbeat_ms must be positive");
    if (value.contains("sabotage")) {
      ASSIGN_OR_RETURN(job.sabotage, ParseSabotage(value.at("sabotage")));
    }
    return job;
  } catch (const json::exception& error) {
    return Fail(EINVAL, std::string("job: ") + error.what());
  }
}

Result<Job> ReadJob(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return FailErrno("open(" + path + ")");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return ParseJob(text);
}

std::optional<Start> ParseStart(std::string_view record) {
  const json value = json::parse(record, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) return std::nullopt;
  const auto kind = value.find("record");
  const auto test = value.find("test");
  const auto iteration = value.find("iteration");
  if (kind == value.end() || *kind != "start" || test == value.end() || !test->is_string() ||
      iteration == value.end() || !iteration->is_number_integer()) {
    return std::nullopt;
  }
  return Start{.test = test->get<std::string>(), .iteration = iteration->get<int>()};
}

}  // namespace lxcspec::guest
