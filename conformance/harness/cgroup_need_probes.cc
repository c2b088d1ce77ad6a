// SPDX-License-Identifier: Apache-2.0
//
// The probes that make cgroups, below the root of the process's cgroup namespace.

#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <string>

#include "conformance/harness/cgroups.h"
#include "conformance/harness/child.h"
#include "conformance/harness/need_probes.h"
#include "conformance/harness/waiting.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

constexpr char kPids[] = "pids";

constexpr size_t kMemoryLimit = size_t{8} << 20;

// Makes a cgroup there, has a child go into it and do `inside`, and removes it.
Status InNewCgroup(const std::string& parent, const std::function<Status()>& inside = nullptr) {
  const std::string made = parent + "/lxcspec.need";
  if (mkdir(made.c_str(), 0755) != 0) return FailErrno("mkdir(" + made + ")");
  Status done = RunInChild(0, "a process in a new cgroup", [&]() -> Status {
    RETURN_IF_ERROR(WriteCgroupFile(made + "/cgroup.procs", "0"));
    return inside ? inside() : Status();
  });
  if (rmdir(made.c_str()) != 0) return FailErrno("rmdir(" + made + ")");
  return done;
}

// Tells the process's new cgroup that it may have no other process, and tries to make one.
Status IsRefusedToFork(const std::string& folder) {
  RETURN_IF_ERROR(WriteCgroupFile(folder + "/lxcspec.need/pids.max", "1"));
  const pid_t child = fork();
  if (child == 0) _exit(0);
  if (child < 0) return errno == EAGAIN ? Status() : FailErrno("fork");
  waitpid(child, nullptr, 0);
  return Fail(EPROTO, "fork beyond pids.max");
}

Result<std::string> LimitPids(const std::string& hierarchy) {
  ASSIGN_OR_RETURN(const std::string folder, CgroupFolder(hierarchy, "/"));
  RETURN_IF_ERROR(InNewCgroup(folder, [&] { return IsRefusedToFork(folder); }));
  return "pids.max of a new cgroup below " + folder + " kept a process from forking";
}

// Limits the memory of the process's new cgroup, and has a child take twice as much.
Status IsRefusedMemory(const std::string& folder, const std::string& file) {
  RETURN_IF_ERROR(WriteCgroupFile(folder + "/lxcspec.need/" + file, std::to_string(kMemoryLimit)));
  const pid_t child = fork();
  if (child < 0) return FailErrno("fork");
  if (child == 0) {
    void* const memory =
        mmap(nullptr, 2 * kMemoryLimit, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    _exit(memory != MAP_FAILED && mlock(memory, 2 * kMemoryLimit) == 0 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return Fail(EPROTO, "have twice as much memory as " + file);
  }
  return {};
}

// Gives the process's new cgroup a hundredth of a CPU, and works until that was too little.
Status IsHeldBack(const std::string& folder, const std::string& file, const std::string& value) {
  const std::string own = folder + "/lxcspec.need/";
  RETURN_IF_ERROR(WriteCgroupFile(own + file, value));
  const Deadline deadline;
  while (!deadline.Passed()) {
    ASSIGN_OR_RETURN(const std::string counts, ReadCgroupFile(own + "cpu.stat"));
    const size_t at = counts.find("nr_throttled ");
    if (at == std::string::npos) return Fail(ENOENT, "find nr_throttled in cpu.stat");
    if (counts.compare(at + sizeof("nr_throttled ") - 1, 1, "0") != 0) return {};
  }
  return Fail(EPROTO, "be held back by " + file);
}

// Denies the process's new cgroup all devices.
Status IsRefusedDevicesByFiles(const std::string& folder) {
  RETURN_IF_ERROR(WriteCgroupFile(folder + "/lxcspec.need/devices.deny", "a"));
  const UniqueFd device(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (device) return Fail(EPROTO, "open /dev/null where it is denied");
  return errno == EPERM ? Status() : FailErrno("open /dev/null");
}

// Does `inside` in version 2 where that has the file, or else in version 1.
Result<std::string> InHierarchyWith(
    const std::string& controller, const char* second_file, const char* first_file,
    const std::function<Status(const std::string& folder, bool second)>& inside) {
  ASSIGN_OR_RETURN(const CgroupPaths own, CgroupsOf(getpid()));
  if (own.contains(kUnified)) {
    ASSIGN_OR_RETURN(const std::string folder, CgroupFolder(kUnified, own.at(kUnified)));
    if (access((folder + "/" + second_file).c_str(), F_OK) == 0) {
      ASSIGN_OR_RETURN(const std::string root, CgroupFolder(kUnified, "/"));
      RETURN_IF_ERROR(InNewCgroup(root, [&] { return inside(root, true); }));
      return std::string(second_file) + " of a new cgroup below " + root + " was held to";
    }
  }
  ASSIGN_OR_RETURN(const std::string root, CgroupFolder(controller, "/"));
  RETURN_IF_ERROR(InNewCgroup(root, [&] { return inside(root, false); }));
  return std::string(first_file) + " of a new cgroup below " + root + " was held to";
}

// A program that refuses every use of a device.
Result<UniqueFd> LoadRefusal() {
  const std::array<bpf_insn, 2> refuse = {
      bpf_insn{.code = BPF_ALU64 | BPF_MOV | BPF_K},
      bpf_insn{.code = BPF_JMP | BPF_EXIT},
  };
  bpf_attr attributes = {};
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes.insns = reinterpret_cast<uintptr_t>(refuse.data());
  attributes.insn_cnt = refuse.size();
  attributes.license = reinterpret_cast<uintptr_t>("Apache-2.0");
  UniqueFd program(
      static_cast<int>(syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof(attributes))));
  if (!program) return FailErrno("bpf(BPF_PROG_LOAD, BPF_PROG_TYPE_CGROUP_DEVICE)");
  return program;
}

Status IsRefusedDevices(const std::string& folder) {
  ASSIGN_OR_RETURN(const UniqueFd program, LoadRefusal());
  const UniqueFd cgroup(open((folder + "/lxcspec.need").c_str(), O_RDONLY | O_CLOEXEC));
  if (!cgroup) return FailErrno("open the new cgroup");
  bpf_attr attributes = {};
  attributes.target_fd = static_cast<uint32_t>(cgroup.get());
  attributes.attach_bpf_fd = static_cast<uint32_t>(program.get());
  attributes.attach_type = BPF_CGROUP_DEVICE;
  if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attributes, sizeof(attributes)) != 0) {
    return FailErrno("bpf(BPF_PROG_ATTACH, BPF_CGROUP_DEVICE)");
  }
  const UniqueFd device(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (device) return Fail(EPROTO, "open /dev/null under a program that refuses it");
  return errno == EPERM ? Status() : FailErrno("open /dev/null");
}

}  // namespace

Result<std::string> ProbeCgroup() {
  ASSIGN_OR_RETURN(const CgroupPaths own, CgroupsOf(getpid()));
  Error last{.code = ENOENT, .attempted = "look for a cgroup hierarchy"};
  // cpuset refuses processes until it is configured, so one hierarchy that works is enough.
  for (const auto& [hierarchy, path] : own) {
    ASSIGN_OR_RETURN(const std::string folder, CgroupFolder(hierarchy, "/"));
    Status moved = InNewCgroup(folder);
    if (moved) return "a child moved into a new cgroup below " + folder;
    last = std::move(moved).error();
  }
  return Propagate(std::move(last));
}

Result<std::string> ProbeCgroup2() {
  ASSIGN_OR_RETURN(const std::string folder, CgroupFolder(kUnified, "/"));
  if (folder != "/sys/fs/cgroup") {
    return Fail(ENOENT, "look for cgroup2 at /sys/fs/cgroup: it is at " + folder);
  }
  return ProbeCgroup2Hierarchy();
}

Result<std::string> ProbeCgroup2Hierarchy() {
  ASSIGN_OR_RETURN(const std::string folder, CgroupFolder(kUnified, "/"));
  RETURN_IF_ERROR(InNewCgroup(folder));
  return "a child moved into a new cgroup of version 2 below " + folder;
}

Result<std::string> ProbeCgroup2Devices() {
  ASSIGN_OR_RETURN(const std::string folder, CgroupFolder(kUnified, "/"));
  RETURN_IF_ERROR(InNewCgroup(folder, [&] { return IsRefusedDevices(folder); }));
  return "a program at a new cgroup below " + folder + " refused an open of /dev/null";
}

Result<std::string> ProbeCgroupPids() {
  auto second = LimitPids(kUnified);
  return second ? second : LimitPids(kPids);
}

Result<std::string> ProbeCgroupMemory() {
  constexpr char kSecond[] = "memory.max";
  constexpr char kFirst[] = "memory.limit_in_bytes";
  return InHierarchyWith("memory", kSecond, kFirst, [&](const std::string& folder, bool second) {
    return IsRefusedMemory(folder, second ? kSecond : kFirst);
  });
}

Result<std::string> ProbeCgroupCpu() {
  constexpr char kSecond[] = "cpu.max";
  constexpr char kFirst[] = "cpu.cfs_quota_us";
  return InHierarchyWith("cpu", kSecond, kFirst, [&](const std::string& folder, bool second) {
    return second ? IsHeldBack(folder, kSecond, "1000 100000") : IsHeldBack(folder, kFirst, "1000");
  });
}

Result<std::string> ProbeCgroup1Devices() {
  ASSIGN_OR_RETURN(const std::string folder, CgroupFolder("devices", "/"));
  RETURN_IF_ERROR(InNewCgroup(folder, [&] { return IsRefusedDevicesByFiles(folder); }));
  return "devices.deny of a new cgroup below " + folder + " refused an open of /dev/null";
}

Result<std::string> ProbeCgroup1() { return LimitPids(kPids); }

Result<std::string> ProbeCgroupLegacy() {
  if (const auto second = CgroupFolder(kUnified, "/")) {
    return Fail(EEXIST, "look for version 1 alone: cgroup2 is at " + *second);
  }
  return LimitPids(kPids);
}

}  // namespace lxcspec
