// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/need_probes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "conformance/harness/child.h"
#include "conformance/harness/waiting.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

constexpr NeedProbe kProbes[] = {
    {"namespaces", ProbeNamespaces},
    {"user_namespace", ProbeUserNamespace},
    {"pidfd", ProbePidfd},
    {"pty", ProbePty},
    {"cgroup", ProbeCgroup},
    {"cgroup2", ProbeCgroup2},
    {"cgroup2_hierarchy", ProbeCgroup2Hierarchy},
    {"cgroup2_devices", ProbeCgroup2Devices},
    {"cgroup_pids", ProbeCgroupPids},
    {"cgroup_memory", ProbeCgroupMemory},
    {"cgroup_cpu", ProbeCgroupCpu},
    {"cgroup1_devices", ProbeCgroup1Devices},
    {"cgroup1", ProbeCgroup1},
    {"cgroup_legacy", ProbeCgroupLegacy},
    {"seccomp_filter", ProbeSeccompFilter},
    {"seccomp_notify", ProbeSeccompNotify},
    {"seccomp_notify_continue", ProbeSeccompNotifyContinue},
    {"compat_x86", ProbeCompatX86},
    {"veth", ProbeVeth},
    {"bridge", ProbeBridge},
    {"bridge_vlan", ProbeBridgeVlan},
    {"macvlan", ProbeMacvlan},
    {"ipvlan", ProbeIpvlan},
    {"vlan", ProbeVlan},
    {"neighbour_proxy", ProbeNeighbourProxy},
    {"time_namespace", ProbeTimeNamespace},
    {"core_scheduling", ProbeCoreScheduling},
    {"idmapped_mounts", ProbeIdmappedMounts},
};

Status WriteFile(const std::string& path, std::string_view text) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return FailErrno(fmt::format("open({}, O_WRONLY)", path));
  if (write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return FailErrno(fmt::format("write({})", path));
  }
  return {};
}

// A child that lives until its end of the pipe is closed.
Result<pid_t> ForkIdleChild(UniqueFd& keep_alive) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return FailErrno("pipe2");
  UniqueFd idle(fds[0]);
  keep_alive.Reset(fds[1]);
  const pid_t pid = fork();
  if (pid < 0) return FailErrno("fork");
  if (pid == 0) {
    keep_alive.Reset();
    char byte = 0;
    _exit(read(idle.get(), &byte, 1) == 0 ? 0 : 1);
  }
  return pid;
}

// Signals, polls and waits for a child through nothing but its pidfd.
Status EndThroughPidfd(int pidfd) {
  if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0) != 0) {
    return FailErrno("pidfd_send_signal(SIGKILL)");
  }
  RETURN_IF_ERROR(AwaitReadable(pidfd));
  siginfo_t info{};
  if (waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED) != 0) {
    return FailErrno("waitid(P_PIDFD)");
  }
  if (info.si_status != SIGKILL) return Fail(EPROTO, "waitid(P_PIDFD): another end than the kill");
  return {};
}

}  // namespace

std::span<const NeedProbe> AllNeedProbes() { return kProbes; }

Result<std::string> ProbeNamespaces() {
  constexpr int kFlags =
      CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  RETURN_IF_ERROR(RunInChild(kFlags, "mount(/, MS_PRIVATE) as pid 1 of a pid namespace", [] {
    if (getpid() != 1) return Status(Fail(EPROTO, "getpid"));
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      return Status(FailErrno("mount"));
    }
    return Status();
  }));
  return "a child was pid 1 of new mount, pid, net, ipc, uts and cgroup namespaces";
}

Result<std::string> ProbeUserNamespace() {
  RETURN_IF_ERROR(RunInChild(
      CLONE_NEWUSER, "setuid(0) in a user namespace",
      [] { return setuid(0) == 0 ? Status() : Status(FailErrno("setuid")); },
      [](pid_t child) -> Status {
        RETURN_IF_ERROR(WriteFile(fmt::format("/proc/{}/uid_map", child), "0 100000 65536"));
        return WriteFile(fmt::format("/proc/{}/gid_map", child), "0 100000 65536");
      }));
  return "a child was root of a user namespace that maps 65536 ids";
}

Result<std::string> ProbePidfd() {
  UniqueFd keep_alive;
  ASSIGN_OR_RETURN(const pid_t child, ForkIdleChild(keep_alive));
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  Status ended = pidfd ? EndThroughPidfd(pidfd.get()) : FailErrno("pidfd_open");
  if (!ended) {
    keep_alive.Reset();
    waitpid(child, nullptr, 0);
    return Propagate(std::move(ended).error());
  }
  return "pidfd_open, pidfd_send_signal, poll and waitid(P_PIDFD) ended a child";
}

Result<std::string> ProbePty() {
  RETURN_IF_ERROR(RunInChild(CLONE_NEWNS, "a byte through a pty of a fresh devpts", []() -> Status {
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return FailErrno("mount");
    if (mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666") !=
        0) {
      return FailErrno("mount(devpts, newinstance)");
    }
    UniqueFd master(open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!master) return FailErrno("open(/dev/pts/ptmx)");
    if (unlockpt(master.get()) != 0) return FailErrno("unlockpt");
    UniqueFd slave(open("/dev/pts/0", O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!slave) return FailErrno("open(/dev/pts/0)");
    if (write(slave.get(), "x", 1) != 1) return FailErrno("write(/dev/pts/0)");
    char byte = 0;
    if (read(master.get(), &byte, 1) != 1) return FailErrno("read(ptmx)");
    return byte == 'x' ? Status() : Fail(EPROTO, "read(ptmx)");
  }));
  return "a byte went through a pty of a fresh devpts instance";
}

}  // namespace lxcspec
