// SPDX-License-Identifier: Apache-2.0
//
// What a test finds around it: its own proc, sysfs, cgroups, devpts, loopback device and empty
// state directories.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_SANDBOX_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_SANDBOX_H_

#include <string>
#include <vector>

#include "conformance/launcher/cgroup_layout.h"
#include "conformance/launcher/test_cgroup.h"
#include "conformance/posix/result.h"

namespace lxcspec::launcher {

// Directories that the launcher makes within the sandbox.
inline constexpr char kScratchDirectory[] = "/tmp/lxcspec/scratch";
inline constexpr char kNeedsFile[] = "/tmp/lxcspec/needs.jsonl";

struct Sandbox {
  CgroupLayout layout;
  // Absolute paths without symbolic links, which stay visible where a private directory would cover
  // them.
  std::vector<std::string> visible;
  // The contents of kNeedsFile.
  std::string needs;
};

// Namespaces that the process must be alone in when it calls EnterSandbox(); the cgroup namespace
// is made there.
extern const int kSandboxNamespaces;

// Turns the namespaces of the calling process, the first of its pid namespace, into the sandbox,
// with the test cgroup of that name.
Status EnterSandbox(const Sandbox& sandbox, const std::string& cgroup);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_SANDBOX_H_
