// SPDX-License-Identifier: Apache-2.0
//
// Carries out lxc.mount.auto: cgroup, cgroup-full and cgroup2.

#ifndef LXCSPEC_RUNTIME_CONTAINER_SETUP_CGROUP_MOUNTS_H_
#define LXCSPEC_RUNTIME_CONTAINER_SETUP_CGROUP_MOUNTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/container/setup/plan.h"

namespace lxcspec::runtime {

// A hierarchy that the host has mounted and this process is in.
struct HostHierarchy {
  // Where the host has it.
  std::string mount_point;
  // Controllers, with commas between, and name=<x> of one without; empty: cgroup2.
  std::string controllers;
  // This process's cgroup in it.
  std::string path;
};

// From the texts of /proc/self/mountinfo and /proc/self/cgroup. Mounts below `except` are not the
// host's.
std::vector<HostHierarchy> FindHostHierarchies(std::string_view mountinfo, std::string_view cgroups,
                                               std::string_view except);

// Mounts what is asked for below `root`, whose /sys is there. With a cgroup namespace the container
// can mount it itself, and so only what is forced is.
Status MountCgroups(const SetupPlan& plan, int root);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_SETUP_CGROUP_MOUNTS_H_
