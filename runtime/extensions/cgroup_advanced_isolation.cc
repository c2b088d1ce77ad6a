// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/cgroup_advanced_isolation.h"

#include <fmt/format.h>

#include <cerrno>
#include <string_view>

namespace lxcspec::runtime {
namespace {

std::string Value(const Config& config, std::string_view key) {
  const auto& values = config.Values(key);
  return values.empty() ? std::string() : values.front();
}

}  // namespace

Result<CgroupPlacement> PlaceCgroups(const Config& config, const std::string& name) {
  const std::string dir = Value(config, "lxc.cgroup.dir");
  CgroupPlacement placement{
      .monitor = Value(config, "lxc.cgroup.dir.monitor"),
      .payload = Value(config, "lxc.cgroup.dir.container"),
      .inner = Value(config, "lxc.cgroup.dir.container.inner"),
      .pivot = Value(config, "lxc.cgroup.dir.monitor.pivot"),
      .relative = Value(config, "lxc.cgroup.relative") == "1",
  };
  const bool some = !(placement.monitor + placement.payload + placement.inner).empty();
  if (some) {
    if (placement.monitor.empty() || placement.payload.empty()) {
      return Failure(EINVAL,
                     "lxc.cgroup.dir.monitor and lxc.cgroup.dir.container are set together or not "
                     "at all, and lxc.cgroup.dir.container.inner only with them");
    }
    if (!dir.empty()) {
      return Failure(EINVAL, "lxc.cgroup.dir has no place beside lxc.cgroup.dir.container");
    }
    if (placement.monitor == placement.payload) {
      return Failure(EINVAL,
                     "lxc.cgroup.dir.monitor and lxc.cgroup.dir.container are the same cgroup");
    }
    placement.numbered = false;
    return placement;
  }
  const std::string below = dir.empty() ? "" : dir + "/";
  placement.monitor = fmt::format("{}lxc.monitor.{}", below, name);
  placement.payload = fmt::format("{}lxc.payload.{}", below, name);
  return placement;
}

}  // namespace lxcspec::runtime
