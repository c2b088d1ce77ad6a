// SPDX-License-Identifier: Apache-2.0
//
// The cgroup that is the root of one test's cgroup namespace: `lxcspec.<launcher>.<n>` in every
// hierarchy. The test's processes are in its child `init.scope`, as systemd has it: implementations
// put a container's cgroups beside an init.scope, where the no-internal-processes rule of cgroup v2
// lets them be delegated.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_TEST_CGROUP_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_TEST_CGROUP_H_

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "conformance/launcher/cgroup_layout.h"
#include "conformance/posix/result.h"

namespace lxcspec::launcher {

class TestCgroup {
 public:
  // Makes the cgroups. What was made before a failure is removed.
  static Result<TestCgroup> Create(const CgroupLayout& layout, pid_t launcher, int number);

  TestCgroup(TestCgroup&& other) noexcept;
  TestCgroup& operator=(TestCgroup&&) = delete;
  // Removes the cgroups where Remove() was not called; what cannot be removed stays.
  ~TestCgroup();

  // For EnterTestCgroup().
  const std::string& name() const { return name_; }

  // Lets what was frozen go on: in version 1 frozen processes do not even die.
  void Thaw() const;

  // Removes the cgroups and all below them, waiting up to `patience` for dying processes to leave.
  Status Remove(std::chrono::milliseconds patience);

 private:
  explicit TestCgroup(std::vector<CgroupMount> mounts, std::string name)
      : mounts_(std::move(mounts)), name_(std::move(name)) {}

  std::vector<CgroupMount> mounts_;
  std::string name_;
};

// Moves the calling process into the test cgroup of that name, makes it the root of a new cgroup
// namespace, and goes on to init.scope.
Status EnterTestCgroup(const CgroupLayout& layout, const std::string& name);

// Removes test cgroups of launchers that no longer run, waiting up to `patience` in all for their
// processes to die.
void RemoveStaleTestCgroups(const CgroupLayout& layout, std::chrono::milliseconds patience);

// Lets cgroups below the root of the v2 hierarchy have every controller. Undone, where nobody else
// needs it, by destruction.
class RootControllers {
 public:
  explicit RootControllers(const CgroupLayout& layout);
  RootControllers(const RootControllers&) = delete;
  RootControllers& operator=(const RootControllers&) = delete;
  ~RootControllers();

 private:
  std::string control_file_;
  std::vector<std::string> enabled_;
};

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_TEST_CGROUP_H_
