// SPDX-License-Identifier: Apache-2.0
//
// The fixture of tests about cgroups. The launcher gives each test a cgroup namespace of its own,
// whose root is the host's to the test's containers; what is made there ends with the test.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_CGROUP_TEST_H_
#define LXCSPEC_CONFORMANCE_HARNESS_CGROUP_TEST_H_

#include <string>
#include <utility>
#include <vector>

#include "conformance/harness/cgroups.h"           // IWYU pragma: export
#include "conformance/harness/probed_container.h"  // IWYU pragma: export

namespace lxcspec {

// How this machine limits the number of processes.
struct PidsLimit {
  // lxc.cgroup2.pids.max or lxc.cgroup.pids.max.
  std::string key;
  // Of CgroupsOf().
  std::string hierarchy;
};

// How it limits something else.
struct ResourceLimit {
  // "memory", "cpu".
  std::string controller;
  // Behind lxc.cgroup2. or lxc.cgroup. and in the hierarchy: "memory.max".
  std::string key;
  std::string file;
  // Of CgroupsOf().
  std::string hierarchy;
  // What takes the limit away.
  std::string none;
};

// A cgroup in every hierarchy that the test is in while this lives. Removed afterwards, as far as
// nothing is in there any more: the rest is the audit's to report.
class OwnCgroups {
 public:
  // Makes it below the root of the test's namespace, and enters.
  static Result<OwnCgroups> Enter(const std::string& name);

  OwnCgroups(OwnCgroups&& other) noexcept
      : left_(std::move(other.left_)), name_(std::move(other.name_)) {
    other.left_.clear();
  }
  OwnCgroups& operator=(OwnCgroups&&) = delete;
  ~OwnCgroups();

  // Of each hierarchy: "/name".
  std::string path() const { return "/" + name_; }

 private:
  OwnCgroups(CgroupPaths left, std::string name) : left_(std::move(left)), name_(std::move(name)) {}

  // Where the test came from, and goes back to.
  CgroupPaths left_;
  std::string name_;
};

class CgroupTest : public ProbedContainerTest {
 protected:
  // Which version has pids.max here; needs cgroup_pids.
  static Result<PidsLimit> FindPidsLimit();

  // The same for memory and CPU time; need cgroup_memory and cgroup_cpu.
  static Result<ResourceLimit> FindMemoryLimit();
  static Result<ResourceLimit> FindCpuLimit();

  // Has a container that has its cgroups mounted take the limit away wherever it may reach it.
  // What this comes to is for the caller to see.
  static void TakeLimitAway(ProbedContainer& container, const ResourceLimit& limit,
                            const std::vector<std::string>& cgroups);

  // The folder of the cgroup that a process is in.
  static Result<std::string> FolderOf(pid_t process, const std::string& hierarchy = kUnified);

  // What stands in a file of the cgroup of a container's init.
  static Result<std::string> ReadFileOf(const ProbedContainer& container, const std::string& file,
                                        const std::string& hierarchy = kUnified);

  // How many children, up to `most`, a container's init can have at once.
  static Result<int> CountChildren(ProbedContainer& container, int most);

  // Stops the container and waits until it has.
  static Status StopAndWait(Container& container);
  // Kills its init from outside and waits until it has stopped.
  static Status KillAndWait(const ProbedContainer& container);

  // Starts a container, which must fail and leave it STOPPED, and returns what its log has at
  // level ERROR and above. EEXIST where it runs.
  Result<std::string> ErrorsOfFailingStart(const ConfigItems& config);

  // Starts a container and, should that succeed, stops it: for starts that must fail. A
  // configuration that is refused at once is a failed start too.
  Status StartBriefly(const ConfigItems& config);

  // All cgroups of all hierarchies that are not the test's own, sorted, as paths.
  static std::vector<std::string> CgroupsOfContainers();

  // From now on no cgroups can be made below that one of version 2, which has none.
  static Status LetNoMoreBeMadeBelow(const std::string& folder);

  // Several in one.
  static ConfigItems Joined(ConfigItems first, const ConfigItems& second);
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_CGROUP_TEST_H_
