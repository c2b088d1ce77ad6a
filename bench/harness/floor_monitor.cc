// SPDX-License-Identifier: Apache-2.0

#include "bench/harness/floor_monitor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "bench/harness/floor_container.h"
#include "bench/harness/ground.h"

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

struct Hierarchy {
  std::string folder;
  bool is_unified;
};

// Those of the machine, which do not change.
const std::vector<Hierarchy>& Hierarchies() {
  static const std::vector<Hierarchy> all = [] {
    std::vector<Hierarchy> found;
    const auto look = [&found](const fs::path& folder) {
      std::error_code none;
      if (fs::is_symlink(folder, none) || !fs::exists(folder / "cgroup.procs", none)) return false;
      struct statfs about = {};
      const bool known = statfs(folder.c_str(), &about) == 0;
      found.push_back({folder.string(), known && about.f_type == CGROUP2_SUPER_MAGIC});
      return true;
    };
    std::error_code error;
    if (look("/sys/fs/cgroup")) return found;
    for (const auto& entry : fs::directory_iterator("/sys/fs/cgroup", error)) look(entry.path());
    return found;
  }();
  return all;
}

std::string Group(const Hierarchy& hierarchy, const char* kind, const std::string& name) {
  return fmt::format("{}/{}.{}", hierarchy.folder, kind, name);
}

constexpr const char* kMonitor = "lxcspec.floor.monitor";
constexpr const char* kPayload = "lxcspec.floor.payload";

// A cpuset of version 1 takes nobody before it has these.
void Inherit(const Hierarchy& hierarchy, const std::string& group) {
  for (const char* name : {"/cpuset.cpus", "/cpuset.mems"}) {
    std::string value;
    std::getline(std::ifstream(hierarchy.folder + name), value);
    if (!value.empty()) std::ofstream(group + name) << value;
  }
}

bool MakeGroups(const std::string& name) {
  for (const Hierarchy& hierarchy : Hierarchies()) {
    for (const char* kind : {kMonitor, kPayload}) {
      const std::string group = Group(hierarchy, kind, name);
      if (mkdir(group.c_str(), 0755) != 0) return false;
      if (hierarchy.folder.ends_with("cpuset")) Inherit(hierarchy, group);
    }
  }
  return true;
}

// Who was in one may still be ending.
Status RemoveGroups(const std::string& name) {
  for (const Hierarchy& hierarchy : Hierarchies()) {
    for (const char* kind : {kPayload, kMonitor}) {
      while (rmdir(Group(hierarchy, kind, name).c_str()) != 0) {
        if (errno != EBUSY) return FailErrno("rmdir()");
        sched_yield();
      }
    }
  }
  return {};
}

bool EnterTasks(const char* kind, const std::string& name) {
  for (const Hierarchy& hierarchy : Hierarchies()) {
    if (hierarchy.is_unified) continue;
    const UniqueFd tasks(
        open((Group(hierarchy, kind, name) + "/tasks").c_str(), O_WRONLY | O_CLOEXEC));
    if (write(tasks.get(), "0", 1) != 1) return false;
  }
  return true;
}

// The group of version 2 as CLONE_INTO_CGROUP takes it; -1 where there is none.
int UnifiedGroup(const char* kind, const std::string& name) {
  for (const Hierarchy& hierarchy : Hierarchies()) {
    if (!hierarchy.is_unified) continue;
    return open(Group(hierarchy, kind, name).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  return -1;
}

// As fork(2), and begins in that group of version 2; -1: in the caller's.
long CloneInto(int group) {
  clone_args arguments{};
  arguments.flags = group < 0 ? 0 : CLONE_INTO_CGROUP;
  arguments.cgroup = static_cast<uint64_t>(group < 0 ? 0 : group);
  arguments.exit_signal = SIGCHLD;
  return syscall(SYS_clone3, &arguments, sizeof(arguments));
}

// Out of what it is in itself, and gone; a child, which is not in there, removes the cgroups. A
// byte where they cannot be.
[[noreturn]] void RemoveOwnGroups(const std::string& name, int told) {
  bool is_out = true;
  int root = -1;
  for (const Hierarchy& hierarchy : Hierarchies()) {
    if (hierarchy.is_unified) {
      root = open(hierarchy.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      continue;
    }
    const UniqueFd tasks(open((hierarchy.folder + "/tasks").c_str(), O_WRONLY | O_CLOEXEC));
    is_out = write(tasks.get(), "0", 1) == 1 && is_out;
  }
  const long child = CloneInto(root);
  if (child > 0) _exit(EXIT_SUCCESS);
  is_out = is_out && child == 0 && RemoveGroups(name);
  if (!is_out && write(told, "x", 1) != 1) _exit(EXIT_FAILURE);
  _exit(is_out ? EXIT_SUCCESS : EXIT_FAILURE);
}

// Waits for its init, and says no more than which process that is.
[[noreturn]] void BeMonitor(const std::string& name, const std::string& root,
                            const std::string& program, int told) {
  const FloorPlace place{.group = UnifiedGroup(kPayload, name),
                         .enter = [&name] { return EnterTasks(kPayload, name); }};
  const auto init = StartFloorContainer(root, program, place);
  if (!init) _exit(EXIT_FAILURE);
  if (write(told, &init->pid, sizeof(init->pid)) != sizeof(init->pid)) _exit(EXIT_FAILURE);
  waitpid(init->pid, nullptr, 0);
  RemoveOwnGroups(name, told);
}

// Makes the cgroups, and the monitor in them.
[[noreturn]] void BecomeMonitor(const std::string& name, const std::string& root,
                                const std::string& program, int told) {
  if (setsid() < 0 || !MakeGroups(name) || !EnterTasks(kMonitor, name)) _exit(EXIT_FAILURE);
  const long monitor = CloneInto(UnifiedGroup(kMonitor, name));
  if (monitor == 0) BeMonitor(name, root, program, told);
  _exit(monitor < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

}  // namespace

Result<MonitoredFloor> MonitoredFloor::Start(const std::string& root, const std::string& program) {
  static int count = 0;
  const std::string name = fmt::format("{}.{}", getpid(), ++count);
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return FailErrno("pipe2()");
  MonitoredFloor floor{UniqueFd(ends[0])};
  UniqueFd told(ends[1]);
  Hierarchies();
  const pid_t middle = fork();
  if (middle < 0) return FailErrno("fork()");
  if (middle == 0) BecomeMonitor(name, root, program, told.get());
  told = UniqueFd();
  int status = 0;
  if (waitpid(middle, &status, 0) != middle) return FailErrno("waitpid()");
  if (read(floor.monitor_.get(), &floor.init_, sizeof(floor.init_)) == sizeof(floor.init_)) {
    return floor;
  }
  static_cast<void>(RemoveGroups(name));
  return Fail(ECHILD, "the floor's monitor has ended");
}

Result<PrivateMemory> MonitoredFloor::MonitorMemory() const {
  ASSIGN_OR_RETURN(const pid_t monitor, MonitorOf(init_));
  return PrivateMemoryOf(monitor);
}

Status MonitoredFloor::Stop() {
  if (kill(init_, SIGKILL) != 0) return FailErrno("kill()");
  char failed = 0;
  if (read(monitor_.get(), &failed, 1) == 0) return {};
  return Fail(EBUSY, "the floor's monitor cannot remove its cgroups");
}

}  // namespace lxcspec
