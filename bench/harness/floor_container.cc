// SPDX-License-Identifier: Apache-2.0

#include "bench/harness/floor_container.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>

namespace lxcspec {
namespace {

struct Node {
  const char* path;
  unsigned minor;
  unsigned major;
};

constexpr std::array<Node, 6> kNodes = {{{"dev/null", 3, 1},
                                         {"dev/zero", 5, 1},
                                         {"dev/full", 7, 1},
                                         {"dev/random", 8, 1},
                                         {"dev/urandom", 9, 1},
                                         {"dev/tty", 0, 5}}};

// Returns the errno of what failed.
int BecomeContainer(const char* root, const char* program) {
  constexpr unsigned long kHarmless = MS_NOSUID | MS_NOEXEC;
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return errno;
  if (mount(root, root, nullptr, MS_BIND, nullptr) != 0 || chdir(root) != 0) return errno;
  if (mount("tmpfs", "dev", "tmpfs", kHarmless, "mode=755,size=500k") != 0) return errno;
  for (const Node& node : kNodes) {
    if (mknod(node.path, S_IFCHR | 0666, makedev(node.major, node.minor)) != 0) return errno;
  }
  if (mkdir("dev/pts", 0755) != 0) return errno;
  if (mount("devpts", "dev/pts", "devpts", kHarmless, "newinstance,ptmxmode=0666,max=1024") != 0) {
    return errno;
  }
  if (mount("proc", "proc", "proc", kHarmless | MS_NODEV, nullptr) != 0) return errno;
  if (mount("sysfs", "sys", "sysfs", kHarmless | MS_NODEV, nullptr) != 0) return errno;
  if (syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0) return errno;
  if (chdir("/") != 0) return errno;
  if (sethostname("floor", 5) != 0) return errno;
  execl(program, program, nullptr);
  return errno;
}

}  // namespace

Result<FloorProcess> StartFloorContainer(const std::string& root, const std::string& program,
                                         const FloorPlace& place) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return FailErrno("pipe2()");
  const UniqueFd heard(ends[0]);
  UniqueFd told(ends[1]);
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_PIDFD | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
                    CLONE_NEWNET | CLONE_NEWCGROUP;
  arguments.pidfd = reinterpret_cast<uintptr_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (place.group >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<uint64_t>(place.group);
  }
  const long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
  if (pid < 0) return FailErrno("clone3()");
  if (pid == 0) {
    const bool entered = !place.enter || place.enter();
    const int code = entered ? BecomeContainer(root.c_str(), program.c_str()) : EACCES;
    _exit(write(told.get(), &code, sizeof(code)) == sizeof(code) ? EXIT_FAILURE : EXIT_SUCCESS);
  }
  FloorProcess process{.pidfd = UniqueFd(pidfd), .pid = static_cast<pid_t>(pid)};
  told = UniqueFd();
  int code = 0;
  if (read(heard.get(), &code, sizeof(code)) == 0) return process;
  static_cast<void>(StopFloorContainer(process.pidfd));
  errno = code;
  return FailErrno("the floor's container");
}

Status StopFloorContainer(const UniqueFd& pidfd) {
  if (syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0) != 0) {
    return FailErrno("pidfd_send_signal()");
  }
  siginfo_t info{};
  if (waitid(static_cast<idtype_t>(3 /* P_PIDFD */), static_cast<id_t>(pidfd.get()), &info,
             WEXITED) != 0) {
    return FailErrno("waitid()");
  }
  return {};
}

}  // namespace lxcspec
