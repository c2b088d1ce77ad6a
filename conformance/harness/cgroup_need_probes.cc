// SPDX-License-Identifier: Apache-2.0
//
// The probes that make cgroups, below the root of the process's cgroup namespace.

#include <fcntl.h>
#include <linux/bpf.h>
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
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

constexpr char kPids[] = "pids";

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

Result<std::string> ProbeCgroup1() { return LimitPids(kPids); }

Result<std::string> ProbeCgroupLegacy() {
  if (const auto second = CgroupFolder(kUnified, "/")) {
    return Fail(EEXIST, "look for version 1 alone: cgroup2 is at " + *second);
  }
  return LimitPids(kPids);
}

}  // namespace lxcspec
