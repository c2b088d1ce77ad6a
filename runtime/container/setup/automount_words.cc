// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/setup/automount_words.h"

#include <fmt/format.h>
#include <sys/mount.h>

#include <cerrno>
#include <optional>
#include <string_view>

#include "runtime/base/text.h"
#include "runtime/extensions/cgroup2_auto_mounting.h"

namespace lxcspec::runtime {
namespace {

std::optional<AutoMode> ModeNamed(std::string_view name) {
  if (name == "ro") return AutoMode::kReadOnly;
  if (name == "mixed") return AutoMode::kMixed;
  if (name == "rw") return AutoMode::kReadWrite;
  return std::nullopt;
}

bool ApplyCgroup(CgroupMount kind, const std::vector<std::string>& parts, bool privileged,
                 AutoMounts& mounts) {
  mounts.cgroup = kind;
  mounts.cgroup_mode = privileged ? AutoMode::kReadWrite : AutoMode::kMixed;
  mounts.cgroup_force = false;
  for (size_t i = 1; i < parts.size(); ++i) {
    if (const auto mode = ModeNamed(parts[i])) {
      mounts.cgroup_mode = *mode;
    } else if (parts[i] == "force") {
      mounts.cgroup_force = true;
    } else {
      return false;
    }
  }
  return true;
}

Status ApplyShared(std::string_view word, AutoMounts& mounts) {
  constexpr std::string_view kDefaultTarget = "/dev/.lxc-mounts";
  std::string_view rest = word.substr(word.find(':') + 1);
  const size_t colon = rest.find(':');
  mounts.shared_source = rest.substr(0, colon);
  mounts.shared_target = colon == rest.npos ? kDefaultTarget : rest.substr(colon + 1);
  if (mounts.shared_source.starts_with('/') && mounts.shared_target.starts_with('/')) return {};
  return Failure(EINVAL, fmt::format("lxc.mount.auto: {}: paths are absolute", word));
}

}  // namespace

Result<AutoMounts> ParseAutoMounts(const std::vector<std::string>& words, bool privileged) {
  AutoMounts mounts;
  for (const std::string& word : words) {
    const std::vector<std::string> parts = Words(word, ":");
    const std::string name = parts.empty() ? "" : parts[0];
    const auto mode = parts.size() > 1 ? ModeNamed(parts[1]) : AutoMode::kMixed;
    bool known = true;
    if (name == "proc" || name == "sys") {
      known = mode.has_value();
      if (known) (name == "proc" ? mounts.proc : mounts.sys) = *mode;
    } else if (name == "cgroup") {
      known = ApplyCgroup(CgroupMount::kOwn, parts, privileged, mounts);
    } else if (name == "cgroup-full") {
      known = ApplyCgroup(CgroupMount::kFull, parts, privileged, mounts);
    } else if (name == "cgroup2") {
      const auto unified = ParseCgroup2Word(word);
      known = unified.has_value();
      // cgroup2_auto_mounting.last_word
      mounts.cgroup = CgroupMount::kUnified;
      mounts.cgroup_force = true;
      mounts.cgroup_mode = known && unified->read_only ? AutoMode::kReadOnly : AutoMode::kReadWrite;
    } else if (name == "shmounts") {
      TRY(ApplyShared(word, mounts));
    } else {
      known = false;
    }
    if (!known) return Failure(EINVAL, fmt::format("lxc.mount.auto: unknown word \"{}\"", word));
  }
  return mounts;
}

MountRequest SharedMountsEntry(const AutoMounts& automounts) {
  MountRequest entry{.source = automounts.shared_source,
                     .target = automounts.shared_target,
                     .type = "none",
                     .options = {.flags = MS_BIND | MS_REC, .create = CreateTarget::kFolder}};
  entry.options.propagation.push_back(MS_SLAVE | MS_REC);
  return entry;
}

}  // namespace lxcspec::runtime
