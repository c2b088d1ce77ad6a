// SPDX-License-Identifier: Apache-2.0
//
// The extension cgroup_relative: a container's cgroups begin where its starter is, instead of where
// process 1 is. spec/extensions/cgroup_relative.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_CGROUP_RELATIVE_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_CGROUP_RELATIVE_H_

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/kernel/cgroup_layout.h"

namespace lxcspec::runtime {

// A hierarchy, and where in it a container's cgroups are made.
struct CgroupBase {
  // Where the caller is.
  CgroupHierarchy own;
  // The folder below which they are made.
  std::string folder;
};

struct CgroupBases {
  CgroupLayout layout = CgroupLayout::kNone;
  std::vector<CgroupBase> all;
};

// One for each hierarchy that the caller is in. An ordinary user's are always relative: there is
// nowhere else to write.
Result<CgroupBases> FindCgroupBases(bool relative);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_CGROUP_RELATIVE_H_
