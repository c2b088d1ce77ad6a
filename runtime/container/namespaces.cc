// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/namespaces.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "runtime/base/text.h"
#include "runtime/container/client.h"
#include "runtime/container/network/plan.h"
#include "runtime/container/own_log.h"
#include "runtime/extensions/time_namespace.h"
#include "runtime/kernel/clone.h"

namespace lxcspec::runtime {
namespace {

constexpr uint64_t kTimeFlag = 0x80;

// Nothing but `none` among the networks' types: the starter's network.
bool WantsHostNetwork(const Config& config) {
  bool none = false;
  for (const std::string& slot : NetworkSlots(config)) {
    if (FirstValue(config, slot + ".type") != "none") return false;
    none = true;
  }
  return none;
}

bool HasKind(std::string_view name) {
  return access(fmt::format("/proc/self/ns/{}", name).c_str(), F_OK) == 0;
}

uint64_t FlagsOf(const std::vector<std::string>& names) {
  uint64_t flags = 0;
  for (const std::string& name : names) flags |= FindNamespaceKind(name)->flag;
  return flags;
}

uint64_t DefaultNamespaces(const Config& config) {
  uint64_t flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;
  if (!WantsHostNetwork(config)) flags |= CLONE_NEWNET;
  if (HasKind("cgroup")) flags |= CLONE_NEWCGROUP;
  return flags;
}

TimeNamespaceUse TimeUse(const Config& config) {
  if ((FlagsOf(config.Values("lxc.namespace.keep")) & kTimeFlag) != 0) {
    return TimeNamespaceUse::kKept;
  }
  const bool shared = !FirstValue(config, "lxc.namespace.share.time").empty();
  return shared ? TimeNamespaceUse::kShared : TimeNamespaceUse::kOwn;
}

}  // namespace

Result<NamespacePlan> PlanNamespaces(const Config& config) {
  const auto& clone = config.Values("lxc.namespace.clone");
  const auto& keep = config.Values("lxc.namespace.keep");
  if (!clone.empty() && !keep.empty()) {
    return Failure(EINVAL, "lxc.namespace.clone and lxc.namespace.keep exclude each other");
  }
  NamespacePlan plan;
  plan.made = clone.empty() ? DefaultNamespaces(config) : FlagsOf(clone);
  if (!config.Values("lxc.idmap").empty()) plan.made |= CLONE_NEWUSER;
  const TimeOffsets offsets{.boot = FirstValue(config, "lxc.time.offset.boot"),
                            .monotonic = FirstValue(config, "lxc.time.offset.monotonic")};
  auto time_offsets = PlanTimeOffsets(offsets, TimeUse(config));
  if (!time_offsets) return Forward(std::move(time_offsets).error());
  plan.time_offsets = *std::move(time_offsets);
  if (offsets.any()) plan.made |= kTimeFlag;
  plan.made &= ~FlagsOf(keep);
  for (const NamespaceKind& kind : NamespaceKinds()) {
    const std::string whose = FirstValue(config, fmt::format("lxc.namespace.share.{}", kind.name));
    if (whose.empty()) continue;
    if ((FlagsOf(keep) & kind.flag) != 0) {
      return Failure(EINVAL, fmt::format("lxc.namespace.keep and lxc.namespace.share.{} exclude "
                                         "each other",
                                         kind.name));
    }
    plan.shared.emplace_back(kind.flag, whose);
    plan.made &= ~kind.flag;
    plan.separate |= kind.flag;
  }
  if ((plan.made & CLONE_NEWUSER) != 0 && config.Values("lxc.idmap").empty()) {
    return Failure(EINVAL, "lxc.namespace.clone: a user namespace without lxc.idmap");
  }
  plan.separate |= plan.made;
  return plan;
}

Result<UniqueFd> OpenShared(const Place& place, uint64_t flag, const std::string& whose) {
  const auto& kinds = NamespaceKinds();
  const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                 [&](const NamespaceKind& one) { return one.flag == flag; });
  std::string path = whose;
  if (const auto process = ParseUnsigned(whose)) {
    path = fmt::format("/proc/{}/ns/{}", *process, kind->name);
  } else if (!whose.starts_with('/')) {
    auto init = QueryInitPidfd({.lxcpath = place.lxcpath, .name = whose});
    if (init) return init;
    return Failure(init.error().code, fmt::format("lxc.namespace.share.{}: container {}: {}",
                                                  kind->name, whose, init.error().attempted));
  }
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid())
    return ErrnoFailure(fmt::format("lxc.namespace.share.{}: open({})", kind->name, path));
  return fd;
}

}  // namespace lxcspec::runtime
