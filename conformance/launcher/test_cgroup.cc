// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/test_cgroup.h"

#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "conformance/launcher/directory.h"
#include "conformance/launcher/file_io.h"
#include "conformance/launcher/strings.h"

namespace lxcspec::launcher {
namespace {

constexpr char kPrefix[] = "lxcspec.";

std::string PathOf(const CgroupMount& mount, const std::string& name) {
  return mount.mount_point + "/" + name;
}

// A cgroup of the v1 cpuset controller holds no process until it has CPUs and memory nodes.
Status CopyCpuset(const std::string& from, const std::string& to) {
  for (const char* file : {"/cpuset.cpus", "/cpuset.mems"}) {
    ASSIGN_OR_RETURN(const std::string value, ReadFile(from + file));
    RETURN_IF_ERROR(WriteKernelFile(to + file, Trim(value)));
  }
  return {};
}

Status PrepareCgroup(const CgroupMount& mount, const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0) return FailErrno("mkdir(" + path + ")");
  const std::string scope = path + "/init.scope";
  if (!mount.v2 && mount.HasController("cpuset")) {
    RETURN_IF_ERROR(CopyCpuset(mount.mount_point, path));
    // Cgroups that the testee makes then start usable, as they are on a host that systemd set up.
    RETURN_IF_ERROR(WriteKernelFile(path + "/cgroup.clone_children", "1"));
  }
  return MakeDirectory(scope);
}

// Every controller that the parent grants. One at a time: a controller may refuse on its own.
std::vector<std::string> EnableControllers(const std::string& cgroup) {
  std::vector<std::string> enabled;
  const auto available = ReadFile(cgroup + "/cgroup.controllers");
  const auto present = ReadFile(cgroup + "/cgroup.subtree_control");
  if (!available || !present) return enabled;
  const std::vector<std::string> already = SplitWords(*present);
  for (const std::string& controller : SplitWords(*available)) {
    if (std::find(already.begin(), already.end(), controller) != already.end()) continue;
    if (WriteKernelFile(cgroup + "/cgroup.subtree_control", "+" + controller)) {
      enabled.push_back(controller);
    }
  }
  return enabled;
}

// Bottom up. Returns the errno of the first directory that stayed, or 0.
int RemoveTree(const std::string& path) {
  for (const std::string& child : ListDirectories(path)) RemoveTree(path + "/" + child);
  if (rmdir(path.c_str()) == 0 || errno == ENOENT) return 0;
  return errno;
}

// Removes the tree, waiting for dying processes to leave it. Returns an errno or 0.
int RemoveTreeUntil(const std::string& path, std::chrono::steady_clock::time_point until) {
  for (;;) {
    const int failure = RemoveTree(path);
    if (failure != EBUSY || std::chrono::steady_clock::now() >= until) return failure;
    // A v1 hierarchy cannot be waited on for its last process, so ask again shortly.
    poll(nullptr, 0, 2);
  }
}

// A cgroup can only be thawed below one that is not frozen.
void ThawTree(const std::string& path) {
  (void)WriteKernelFile(path + "/freezer.state", "THAWED");
  for (const std::string& child : ListDirectories(path)) ThawTree(path + "/" + child);
}

bool IsRunning(pid_t pid) {
  const auto stat = ReadFile(fmt::format("/proc/{}/stat", pid));
  if (!stat) return false;
  // The state follows the program's name, which may itself hold parentheses.
  const size_t state = stat->rfind(')') + 2;
  return state < stat->size() && (*stat)[state] != 'Z';
}

}  // namespace

TestCgroup::TestCgroup(TestCgroup&& other) noexcept
    : mounts_(std::exchange(other.mounts_, {})), name_(other.name_) {}

TestCgroup::~TestCgroup() {
  for (const CgroupMount& mount : mounts_) RemoveTree(PathOf(mount, name_));
}

Result<TestCgroup> TestCgroup::Create(const CgroupLayout& layout, pid_t launcher, int number) {
  TestCgroup cgroup({}, fmt::format("{}{}.{}", kPrefix, launcher, number));
  for (const CgroupMount& mount : layout.mounts) {
    if (mount.repeated) continue;
    cgroup.mounts_.push_back(mount);
    RETURN_IF_ERROR(PrepareCgroup(mount, PathOf(mount, cgroup.name_)));
  }
  return cgroup;
}

Status EnterTestCgroup(const CgroupLayout& layout, const std::string& name) {
  std::vector<CgroupMount> mounts = layout.mounts;
  std::erase_if(mounts, [](const CgroupMount& mount) { return mount.repeated; });
  for (const CgroupMount& mount : mounts) {
    RETURN_IF_ERROR(WriteKernelFile(PathOf(mount, name) + "/cgroup.procs", "0"));
  }
  // The namespace's root is the cgroup that its maker is in at this moment (cgroup_namespaces(7)).
  if (unshare(CLONE_NEWCGROUP) != 0) return FailErrno("unshare(CLONE_NEWCGROUP)");
  for (const CgroupMount& mount : mounts) {
    RETURN_IF_ERROR(WriteKernelFile(PathOf(mount, name) + "/init.scope/cgroup.procs", "0"));
    if (mount.v2) EnableControllers(PathOf(mount, name));
  }
  return {};
}

void TestCgroup::Thaw() const {
  for (const CgroupMount& mount : mounts_) {
    if (!mount.v2 && mount.HasController("freezer")) ThawTree(PathOf(mount, name_));
  }
}

Status TestCgroup::Remove(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  Status status;
  for (const CgroupMount& mount : std::exchange(mounts_, {})) {
    const int failure = RemoveTreeUntil(PathOf(mount, name_), until);
    if (failure != 0 && status) status = Fail(failure, "rmdir(" + PathOf(mount, name_) + ")");
  }
  return status;
}

void RemoveStaleTestCgroups(const CgroupLayout& layout, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (const CgroupMount& mount : layout.mounts) {
    for (const std::string& name : ListDirectories(mount.mount_point)) {
      int launcher = 0;
      int number = 0;
      if (sscanf(name.c_str(), "lxcspec.%d.%d", &launcher, &number) != 2) continue;
      // A launcher takes its tests with it, so a dead one's cgroups are empty or emptying.
      if (!IsRunning(launcher)) RemoveTreeUntil(mount.mount_point + "/" + name, until);
    }
  }
}

RootControllers::RootControllers(const CgroupLayout& layout) {
  for (const CgroupMount& mount : layout.mounts) {
    if (!mount.v2 || mount.repeated) continue;
    control_file_ = mount.mount_point + "/cgroup.subtree_control";
    enabled_ = EnableControllers(mount.mount_point);
  }
}

RootControllers::~RootControllers() {
  // Refused where another cgroup uses the controller by now, which is as it should be.
  for (const std::string& controller : enabled_) {
    (void)WriteKernelFile(control_file_, "-" + controller);
  }
}

}  // namespace lxcspec::launcher
