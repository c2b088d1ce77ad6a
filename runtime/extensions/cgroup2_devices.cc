// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/cgroup2_devices.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/text.h"

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
      // cgroup2_devices.other_leaf
      return Failure(EINVAL, fmt::format("{}: neither allow nor deny", key));
    }
    lines.push_back({allow, std::move(value)});
  }
  return lines;
}

Status Write(const Cgroup& cgroup, bool allow, std::string_view text) {
  return cgroup.Write(allow ? "devices.allow" : "devices.deny", text);
}

// Version 1 hands denials down to cgroups below, and no allowances.
Status WriteToFirst(const DevicePlaces& places, bool allow, std::string_view text) {
  TRY(Write(*places.first, allow, text));
  if (!allow || places.first_inner == nullptr) return {};
  return Write(*places.first_inner, allow, text);
}

// What an allowlist of version 1 has for everything: a rule that takes this back takes nothing
// else.
constexpr const char* kAllDevices[] = {"b *:* rwm", "c *:* rwm"};

// Whatever begins like that is a rule for everything in version 1.
bool IsForEverything(const Line& line) { return Trim(line.text).starts_with('a'); }

// Behind the last rule for everything.
auto BeginOfList(const std::vector<Line>& lines) {
  return std::find_if(lines.rbegin(), lines.rend(), IsForEverything).base();
}

// Rules for a version that is not there are those of the other one, if it has none.
void TakeOver(std::vector<Line>& first, std::vector<Line>& second, bool has_first,
              bool has_second) {
  if (!has_second && first.empty()) first.swap(second);
  if (!has_first && second.empty()) second.swap(first);
}

Status WriteList(const std::vector<Line>& lines, const DevicePlaces& places) {
  auto line = lines.begin();
  if (places.first_inner != nullptr) {
    // PrepareDeviceRules() has written what is before.
    line = BeginOfList(lines);
    if (line != lines.begin() && !std::prev(line)->allow) {
      for (const char* all : kAllDevices) TRY(Write(*places.first, false, all));
    }
  }
  for (; line != lines.end(); ++line) TRY(WriteToFirst(places, line->allow, line->text));
  return {};
}

}  // namespace

Status PrepareDeviceRules(const Config& config, const Cgroup& first, CgroupLayout layout) {
  auto lines = LinesOf(config, "lxc.cgroup.devices");
  if (!lines) return Forward(std::move(lines).error());
  auto others = LinesOf(config, "lxc.cgroup2.devices");
  if (!others) return Forward(std::move(others).error());
  TakeOver(*lines, *others, true, layout != CgroupLayout::kLegacy);
  const auto begin = BeginOfList(*lines);
  if (begin == lines->begin() || std::prev(begin)->allow) return {};
  TRY(Write(first, false, "a"));
  for (const char* all : kAllDevices) TRY(Write(first, true, all));
  return {};
}

Status DeviceLimits::Apply(const Config& config, const DevicePlaces& places, CgroupLayout layout) {
  auto first = LinesOf(config, "lxc.cgroup.devices");
  if (!first) return Forward(std::move(first).error());
  auto second = LinesOf(config, "lxc.cgroup2.devices");
  if (!second) return Forward(std::move(second).error());
  if (first->empty() && second->empty() && !now_) return {};
  if (places.first == nullptr && places.second == nullptr) {
    return Failure(
        ENOSYS, fmt::format("device rules: nothing here enforces them (layout: {})", Name(layout)));
  }
  TakeOver(*first, *second, places.first != nullptr, places.second != nullptr);

  DeviceRules rules;
  for (const Line& line : *second) {
    const auto rule = ParseDeviceRule(line.allow, line.text);
    // cgroup2_devices.no_rule
    if (!rule) return Forward(rule.error());
    rules.Add(*rule);
  }
  if (places.second != nullptr && (rules.Restrict() || now_)) {
    // cgroup2_devices.no_bpf
    TRY(Enforce(std::move(rules), *places.second));
  }
  if (places.first == nullptr) return {};
  return WriteList(*first, places);
}

Status DeviceLimits::Add(bool allow, std::string_view text, const DevicePlaces& places) {
  const auto rule = ParseDeviceRule(allow, text);
  if (!rule) return Forward(rule.error());
  if (places.first != nullptr) TRY(WriteToFirst(places, allow, text));
  const bool enforced_by_files = places.first != nullptr && !now_;
  if (places.second == nullptr || enforced_by_files) return {};
  // cgroup2_devices.live_change cgroup2_devices.live_change_is_atomic
  if (AddToTable(*rule)) return {};
  DeviceRules rules = rules_;
  if (!rules.Restrict()) {
    // Everything is allowed until now.
    if (allow) return {};
    rules.Add({.allow = true, .block = true, .character = true, .access = kMayAll});
  }
  rules.Add(*rule);
  return Enforce(std::move(rules), *places.second);
}

bool DeviceLimits::AddToTable(const DeviceRule& rule) {
  if (!now_ || !now_->table || !rule.major || !rule.minor) return false;
  DeviceTable& table = *now_->table;
  if (!table.CanSet(*rule.major, *rule.minor)) return false;
  // A denial may be of more than the one device then.
  if (!rules_.IsDecided() && !rule.allow) return false;
  rules_.Add(rule);
  for (const auto& [is_of, type] : {std::pair(rule.block, DeviceType::kBlock),
                                    std::pair(rule.character, DeviceType::kCharacter)}) {
    if (!is_of) continue;
    table.Set(type, *rule.major, *rule.minor, rules_.Allowed(type, *rule.major, *rule.minor));
  }
  return true;
}

Result<DeviceLimits::Enforced> DeviceLimits::Load(const DeviceRules& rules) {
  if (auto table = DeviceTable::Create(rules)) {
    auto program = DeviceProgram::Load(table->Lookup());
    if (program) return Enforced{*std::move(table), *std::move(program)};
  }
  // A kernel without such tables, or rules that one cannot have: they are the program itself.
  const auto instructions = CompileDeviceRules(rules);
  if (!instructions) return Forward(instructions.error());
  auto program = DeviceProgram::Load(*instructions);
  if (!program) return Forward(std::move(program).error());
  return Enforced{std::nullopt, *std::move(program)};
}

std::optional<DeviceLimits::Enforced> DeviceLimits::Ready(const DeviceRules& rules) {
  if (!next_) return std::nullopt;
  auto layout = DeviceTableLayout::Make(rules);
  if (!layout || !next_->table->Take(*std::move(layout))) return std::nullopt;
  return std::exchange(next_, std::nullopt);
}

Status DeviceLimits::Enforce(DeviceRules rules, const Cgroup& cgroup) {
  std::optional<Enforced> then = Ready(rules);
  if (!then) {
    auto loaded = Load(rules);
    if (!loaded) return Forward(std::move(loaded).error());
    then = *std::move(loaded);
  }
  TRY(then->program.Attach(cgroup.fd(), now_ ? &now_->program : nullptr));
  before_ = std::exchange(now_, std::move(then));
  rules_ = std::move(rules);
  return {};
}

void DeviceLimits::GetReady() {
  before_.reset();
  if (!now_ || !now_->table) return;
  DeviceTable& table = *now_->table;
  // Without, the first change maps it.
  static_cast<void>(table.Map());
  const bool fits =
      next_ && next_->table->size() >= table.size() && next_->table->is_deep() == table.is_deep();
  if (fits) return;
  next_.reset();
  auto reserved = DeviceTable::Reserve(table.size(), table.is_deep());
  if (!reserved) return;
  auto program = DeviceProgram::Load(reserved->Lookup());
  if (program) next_ = Enforced{*std::move(reserved), *std::move(program)};
}

}  // namespace lxcspec::runtime
