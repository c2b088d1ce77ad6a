// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/cgroup_layout.h"

#include <algorithm>
#include <array>

#include "conformance/launcher/strings.h"

namespace lxcspec::launcher {
namespace {

// Options of a v1 superblock that are no controllers. Whoever mounts a hierarchy that exists gets
// it as it is, so they need not be repeated.
bool IsFlag(std::string_view option) {
  constexpr std::array<std::string_view, 9> kFlags = {"rw",
                                                      "ro",
                                                      "xattr",
                                                      "noprefix",
                                                      "clone_children",
                                                      "seclabel",
                                                      "noswapaccount",
                                                      "cpuset_v2_mode",
                                                      "favordynmods"};
  return std::find(kFlags.begin(), kFlags.end(), option) != kFlags.end() ||
         option.starts_with("release_agent=");
}

std::string HierarchyOptions(const std::string& super_options) {
  std::string controllers;
  std::string name;
  for (const std::string& option : Split(super_options, ',')) {
    if (option.starts_with("name=")) {
      name = option;
    } else if (!IsFlag(option)) {
      controllers += (controllers.empty() ? "" : ",") + option;
    }
  }
  if (name.empty()) return controllers;
  return (controllers.empty() ? "none" : controllers) + "," + name;
}

}  // namespace

bool CgroupMount::HasController(std::string_view name) const {
  const std::vector<std::string> all = Split(options, ',');
  return std::find(all.begin(), all.end(), name) != all.end();
}

std::string CgroupLayout::Name() const {
  const auto is_v2 = [](const CgroupMount& mount) { return mount.v2; };
  if (mounts.empty()) return "none";
  if (std::all_of(mounts.begin(), mounts.end(), is_v2)) return "unified";
  return std::any_of(mounts.begin(), mounts.end(), is_v2) ? "hybrid" : "legacy";
}

CgroupLayout FindCgroups(const std::vector<Mount>& mounts) {
  CgroupLayout layout;
  for (const Mount& mount : mounts) {
    if (mount.fs_type != "cgroup" && mount.fs_type != "cgroup2") continue;
    CgroupMount found{.mount_point = mount.mount_point, .v2 = mount.fs_type == "cgroup2"};
    if (!found.v2) found.options = HierarchyOptions(mount.super_options);
    std::erase_if(layout.mounts,
                  [&](const CgroupMount& m) { return m.mount_point == found.mount_point; });
    layout.mounts.push_back(std::move(found));
  }
  for (auto it = layout.mounts.begin(); it != layout.mounts.end(); ++it) {
    it->repeated = std::any_of(layout.mounts.begin(), it, [&](const CgroupMount& m) {
      return m.v2 == it->v2 && m.options == it->options;
    });
  }
  return layout;
}

}  // namespace lxcspec::launcher
