// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/lsm.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

// Where several modules share /proc/<process>/attr, AppArmor has a folder of its own, from Linux
// 5.8 on.
Result<std::string> AppArmorLabel(const std::string& process) {
  auto label = ReadWhole(fmt::format("/proc/{}/attr/apparmor/current", process));
  if (!label) label = ReadWhole(fmt::format("/proc/{}/attr/current", process));
  if (!label) return label;
  // `profile (mode)`.
  return std::string(Trim(std::string_view(*label).substr(0, label->find(" ("))));
}

}  // namespace

LsmState ReadLsmState() {
  LsmState state;
  state.apparmor = Trim(ReadWhole("/sys/module/apparmor/parameters/enabled").value_or("")) == "Y";
  state.selinux = access("/sys/fs/selinux/enforce", F_OK) == 0;
  state.apparmor_label = "unconfined";
  if (!state.apparmor) return state;
  const std::string label = AppArmorLabel("self").value_or("");
  if (!label.empty()) state.apparmor_label = label;
  return state;
}

Result<LsmLabels> ReadLsmLabels(const LsmState& state, const std::string& process) {
  LsmLabels labels;
  if (state.apparmor) {
    auto label = AppArmorLabel(process);
    if (!label) return Forward(std::move(label).error());
    labels.apparmor = *std::move(label);
  }
  if (state.selinux) {
    const auto context = ReadWhole(fmt::format("/proc/{}/attr/current", process));
    if (!context) return Forward(context.error());
    // The kernel ends it with a zero byte.
    labels.selinux = Trim(std::string_view(*context).substr(0, context->find('\0')));
  }
  return labels;
}

bool HasAppArmorProfile(std::string_view profile) {
  const auto profiles = ReadWhole("/sys/kernel/security/apparmor/profiles");
  if (!profiles) return false;
  std::istringstream lines(*profiles);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(fmt::format("{} (", profile))) return true;
  }
  return false;
}

Status SetAppArmorLabel(int proc, const std::string& profile, LabelMoment moment) {
  const bool now = moment == LabelMoment::kNow;
  const char* file = now ? "current" : "exec";
  const std::string text = fmt::format("{} {}", now ? "changeprofile" : "exec", profile);
  const Status done = WriteInto(proc, fmt::format("self/attr/apparmor/{}", file), text);
  if (done || done.error().code != ENOENT) return done;
  return WriteInto(proc, fmt::format("self/attr/{}", file), text);
}

Status SetSelinuxContext(int proc, const std::string& context, LabelMoment moment) {
  return WriteInto(proc, moment == LabelMoment::kNow ? "self/attr/current" : "self/attr/exec",
                   context);
}

}  // namespace lxcspec::runtime
