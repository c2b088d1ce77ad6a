// SPDX-License-Identifier: Apache-2.0
//
// The cgroups of one running container: one for its monitor, one for its payload, in every
// hierarchy that this process may write to. lxc.container.conf(5) "CONTROL GROUPS".

#ifndef LXCSPEC_RUNTIME_CONTAINER_CGROUPS_H_
#define LXCSPEC_RUNTIME_CONTAINER_CGROUPS_H_

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/config/config.h"
#include "runtime/extensions/cgroup2_devices.h"
#include "runtime/extensions/cgroup_advanced_isolation.h"
#include "runtime/kernel/cgroup.h"
#include "runtime/kernel/cgroup_layout.h"

namespace lxcspec::runtime {

// ENOSYS where the configuration uses one of the cgroup extensions that is switched off.
Status CgroupExtensionsCanBeHad(const Config& config);

// The values of a cpuset's files; empty: of a hierarchy that has none.
using Cpuset = std::vector<std::string>;

class ContainerCgroups {
 public:
  // Is told before any is made what may be there soon, in the form of Paths(): so that whoever
  // finds the traces of a caller that was killed here can remove them.
  using Announce = std::function<Status(const std::vector<std::string>& paths)>;

  // Makes them. A hierarchy that may not be written to is left out; on failure nothing stays.
  // For a payload that limits devices in version 1 `before_inner` is called before it has an inner
  // cgroup.
  using BeforeInner = std::function<Status(const Cgroup& payload, CgroupLayout layout)>;
  static Result<ContainerCgroups> Create(const CgroupPlacement& placement,
                                         const Announce& announce = nullptr,
                                         const BeforeInner& before_inner = nullptr);

  ContainerCgroups(ContainerCgroups&&) = default;
  ContainerCgroups& operator=(ContainerCgroups&&) = default;

  // Moves the caller, which has one thread, into the monitor's. Or goes on there in a child of it:
  // ContinueInChild().
  Status EnterMonitor(bool in_child) const;

  // The version 2 payload for CLONE_INTO_CGROUP, or -1.
  int PayloadFd() const;
  // Moves a process into version 2's payload.
  Status AddPayload(pid_t process) const;
  // Of the hierarchies of version 1: where a process writes "0" to be in the payload.
  Result<std::vector<UniqueFd>> OpenPayload() const;

  // What the configuration limits, devices aside. Fails for a limit that this machine's layout
  // cannot apply.
  Status ApplyLimits(const Config& config) const;
  // Which devices it may use, instead of what was said before: cgroup2_devices.h.
  Status ApplyDeviceRules(const Config& config);

  // Gives the payload's processes' cgroup to the root of the container's user namespace.
  Status Delegate(uid_t uid, gid_t gid) const;

  // The cgroup that freezes and thaws the payload; ENOSYS where there is none. Lives as long as
  // this.
  Result<const Cgroup*> Freezer() const;

  // A file of the payload, such as "memory.max": ENOENT where no hierarchy has it. Device rules
  // are added by "devices.allow" and "devices.deny" whether there are such files or not.
  Result<std::string> GetItem(const std::string& item) const;
  Status SetItem(const std::string& item, std::string_view value);
  bool HasDeviceProgram() const { return devices_.HasProgram(); }
  // When nobody waits: what the next change of device rules needs.
  void GetReadyForDeviceRules() { devices_.GetReady(); }

  // Kills what is left in the payload.
  Status Kill() const;

  // Moves the caller out of the monitor's, or goes on in a child that is not in there; kills what
  // is left, and removes all that was made.
  Status Remove(bool may_be_child);

  // What was made, in the order in which it was made.
  const std::vector<std::string>& Paths() const { return made_; }

  // Removes what a dead monitor has left: kills what is in it first.
  static Status RemoveAt(const std::vector<std::string>& paths);

 private:
  struct Place {
    CgroupHierarchy hierarchy;
    // Where the monitor came from.
    std::string before;
    std::string base;
    // The monitor's folder; empty: there is none.
    std::string monitor;
    // With the limits.
    std::optional<Cgroup> payload;
    std::optional<Cgroup> inner;

    // With the processes; null where there is none.
    const Cgroup* processes() const {
      if (inner) return &*inner;
      return payload ? &*payload : nullptr;
    }
  };

  ContainerCgroups() = default;

  Status Make(const CgroupPlacement& placement, const std::string& suffix);
  Status MakeIn(Place& place, const CgroupPlacement& placement, const std::string& suffix);
  Result<std::string> MakePath(int version, const std::string& base, const std::string& path,
                               Cpuset cpuset);
  void Undo();
  DevicePlaces PlacesOfDevices() const;
  const Place* WithItem(const std::string& item) const;

  Status Announced(const CgroupPlacement& placement, const std::string& suffix) const;

  CgroupPlacement placement_;
  // Only while they are made.
  Announce announce_;
  BeforeInner before_inner_;
  CgroupLayout layout_ = CgroupLayout::kNone;
  std::vector<Place> places_;
  DeviceLimits devices_;
  std::vector<std::string> made_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_CGROUPS_H_
