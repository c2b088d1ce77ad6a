// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/cgroup_relative.h"

#include <unistd.h>

#include <string_view>

namespace lxcspec::runtime {
namespace {

// The scopes that a service manager makes for itself: containers are no part of them.
std::string WithoutManagersScope(std::string folder) {
  for (std::string_view scope : {"/init.scope", "/system.slice"}) {
    if (folder.ends_with(scope)) folder.resize(folder.size() - scope.size());
  }
  return folder;
}

}  // namespace

Result<CgroupBases> FindCgroupBases(bool relative) {
  const auto mountinfo = OwnMounts();
  if (!mountinfo) return Forward(mountinfo.error());
  const auto own = CgroupsOf("self", *mountinfo);
  if (!own) return Forward(own.error());
  CgroupBases bases{.layout = own->layout};
  for (const CgroupHierarchy& hierarchy : own->all) {
    bases.all.push_back({.own = hierarchy, .folder = hierarchy.folder});
  }
  // cgroup_relative.below_starter
  if (relative || geteuid() != 0) return bases;
  const auto init = CgroupsOf("1", *mountinfo);
  if (!init) return bases;
  // cgroup_relative.not_below_starter
  for (CgroupBase& base : bases.all) {
    for (const CgroupHierarchy& candidate : init->all) {
      if (candidate.version == base.own.version && candidate.controllers == base.own.controllers) {
        base.folder = WithoutManagersScope(candidate.folder);
      }
    }
  }
  return bases;
}

}  // namespace lxcspec::runtime
