// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/device_limits.h"

#include <fmt/format.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

namespace lxcspec::runtime {
namespace {

struct Line {
  bool allow = false;
  std::string text;
};

Result<std::vector<Line>> LinesOf(const Config& config, const std::string& family) {
  std::vector<Line> lines;
  for (auto& [key, value] : config.InOrder(family)) {
    const bool allow = key == family + ".allow";
    if (!allow && key != family + ".deny") {
      return Failure(EINVAL, fmt::format("{}: neither allow nor deny", key));
    }
    lines.push_back({allow, std::move(value)});
  }
  return lines;
}

Status Write(const Cgroup& cgroup, bool allow, std::string_view text) {
  return cgroup.Write(allow ? "devices.allow" : "devices.deny", text);
}

}  // namespace

Status DeviceLimits::Apply(const Config& config, const DevicePlaces& places, CgroupLayout layout) {
  auto first = LinesOf(config, "lxc.cgroup.devices");
  if (!first) return Forward(std::move(first).error());
  auto second = LinesOf(config, "lxc.cgroup2.devices");
  if (!second) return Forward(std::move(second).error());
  if (places.first == nullptr && places.second == nullptr) {
    if (first->empty() && second->empty()) return {};
    return Failure(
        ENOSYS, fmt::format("device rules: nothing here enforces them (layout: {})", Name(layout)));
  }
  if (places.second == nullptr && first->empty()) first->swap(*second);
  if (places.first == nullptr && second->empty()) second->swap(*first);

  DeviceRules rules;
  for (const Line& line : *second) {
    const auto rule = ParseDeviceRule(line.allow, line.text);
    if (!rule) return Forward(rule.error());
    rules.Add(*rule);
  }
  if (places.second != nullptr && (rules.Restrict() || program_)) {
    TRY(Enforce(rules, *places.second));
  }
  if (places.first == nullptr) return {};
  for (const Line& line : *first) TRY(Write(*places.first, line.allow, line.text));
  return {};
}

Status DeviceLimits::Add(bool allow, std::string_view text, const DevicePlaces& places) {
  const auto rule = ParseDeviceRule(allow, text);
  if (!rule) return Forward(rule.error());
  if (places.first != nullptr) TRY(Write(*places.first, allow, text));
  const bool enforced_by_files = places.first != nullptr && !program_;
  if (places.second == nullptr || enforced_by_files) return {};
  DeviceRules rules = rules_;
  if (!rules.Restrict()) {
    // Everything is allowed until now.
    if (allow) return {};
    rules.Add({.allow = true, .block = true, .character = true, .access = kMayAll});
  }
  rules.Add(*rule);
  return Enforce(rules, *places.second);
}

Status DeviceLimits::Enforce(const DeviceRules& rules, const Cgroup& cgroup) {
  const auto instructions = CompileDeviceRules(rules);
  if (!instructions) return Forward(instructions.error());
  auto program = DeviceProgram::Load(*instructions);
  if (!program) return Forward(std::move(program).error());
  TRY(program->Attach(cgroup.fd(), program_ ? &*program_ : nullptr));
  program_ = *std::move(program);
  rules_ = rules;
  return {};
}

}  // namespace lxcspec::runtime
