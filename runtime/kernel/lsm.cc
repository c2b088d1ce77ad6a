// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/lsm.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>

#include "runtime/base/text.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

// Where several modules share /proc/<process>/attr, AppArmor has a folder of its own, from Linux
// 5.8 on.
Result<std::string> OwnAppArmorLabel() {
  auto label = ReadWhole("/proc/self/attr/apparmor/current");
  return label ? label : ReadWhole("/proc/self/attr/current");
}

}  // namespace

LsmState ReadLsmState() {
  LsmState state;
  state.apparmor = Trim(ReadWhole("/sys/module/apparmor/parameters/enabled").value_or("")) == "Y";
  state.selinux = access("/sys/fs/selinux/enforce", F_OK) == 0;
  state.apparmor_label = "unconfined";
  if (!state.apparmor) return state;
  // `profile (mode)`.
  const std::string label = OwnAppArmorLabel().value_or("");
  const std::string_view name = Trim(std::string_view(label).substr(0, label.find(" (")));
  if (!name.empty()) state.apparmor_label = name;
  return state;
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

Status SetAppArmorOnExec(int proc, const std::string& profile) {
  const std::string text = "exec " + profile;
  const Status done = WriteInto(proc, "self/attr/apparmor/exec", text);
  if (done || done.error().code != ENOENT) return done;
  return WriteInto(proc, "self/attr/exec", text);
}

Status SetSelinuxOnExec(int proc, const std::string& context) {
  return WriteInto(proc, "self/attr/exec", context);
}

}  // namespace lxcspec::runtime
