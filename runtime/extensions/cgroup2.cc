// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/cgroup2.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>

namespace lxcspec::runtime {
namespace {

struct Version {
  int number;
  std::string_view family;
  CgroupLayout layout_without;
};
constexpr Version kVersions[] = {
    {2, "lxc.cgroup2", CgroupLayout::kLegacy},
    {1, "lxc.cgroup", CgroupLayout::kUnified},
};

// Keys of the family that are about something else: where cgroups are, and device rules.
bool IsLimit(std::string_view file) {
  return file != "relative" && file != "dir" && !file.starts_with("dir.") &&
         !file.starts_with("devices.");
}

Status ApplyOne(const Version& version, std::string_view file, std::string_view value,
                CgroupLayout layout, const std::vector<const Cgroup*>& payloads) {
  const std::string key = fmt::format("{}.{}", version.family, file);
  // cgroup2.stays_inside
  if (file.find('/') != file.npos) return Failure(EINVAL, key + ": not the name of a file");
  const std::string name(file);
  const auto payload = std::find_if(payloads.begin(), payloads.end(), [&](const Cgroup* candidate) {
    return candidate->version() == version.number && candidate->Has(name);
  });
  // cgroup2.unknown_file cgroup2.legacy_unknown_file
  if (payload == payloads.end()) {
    return Failure(EOPNOTSUPP, fmt::format("{}: no cgroup of version {} here has that file "
                                           "(layout: {})",
                                           key, version.number, Name(layout)));
  }
  // cgroup2.limit_set cgroup2.legacy_key_set cgroup2.bad_value cgroup2.failure_named
  return (*payload)->Write(name, value);
}

}  // namespace

Status ApplyLimits(const Config& config, CgroupLayout layout,
                   const std::vector<const Cgroup*>& payloads) {
  for (const Version& version : kVersions) {
    // cgroup2.legacy_ignored cgroup2.unified_ignored
    if (layout == version.layout_without) continue;
    // cgroup2.last_value
    for (const auto& [key, value] : config.InOrder(version.family)) {
      const std::string_view file = std::string_view(key).substr(version.family.size() + 1);
      if (IsLimit(file)) TRY(ApplyOne(version, file, value, layout, payloads));
    }
  }
  return {};
}

}  // namespace lxcspec::runtime
