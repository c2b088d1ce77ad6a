// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/clone.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "runtime/kernel/pidfd.h"
#include "runtime/kernel/socket.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace lxcspec::runtime {
namespace {

// struct clone_args as of Linux 5.7, the first with a cgroup.
struct CloneArguments {
  uint64_t flags;
  uint64_t pidfd;
  uint64_t child_tid;
  uint64_t parent_tid;
  uint64_t exit_signal;
  uint64_t stack;
  uint64_t stack_size;
  uint64_t tls;
  uint64_t set_tid;
  uint64_t set_tid_size;
  uint64_t cgroup;
};

constexpr uint64_t kIntoCgroup = 0x200000000;

enum class Parent { kCaller, kCallersParent };

Result<Cloned> CloneOnce(uint64_t namespaces, int cgroup, Parent parent) {
  int pidfd = -1;
  CloneArguments arguments{};
  arguments.flags = namespaces | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  // A sibling inherits what its parent is told at its end.
  if (parent == Parent::kCallersParent)
    arguments.flags |= CLONE_PARENT;
  else
    arguments.exit_signal = SIGCHLD;
  if (cgroup >= 0) {
    arguments.flags |= kIntoCgroup;
    arguments.cgroup = static_cast<uint64_t>(cgroup);
  }
  auto pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
  if (pid < 0 && errno == ENOSYS && cgroup < 0) {
    // A seccomp filter around this process may know no clone3.
    const uint64_t flags = arguments.flags | (parent == Parent::kCaller ? uint64_t{SIGCHLD} : 0);
    pid = syscall(SYS_clone, flags, nullptr, &pidfd, nullptr, nullptr);
  }
  if (pid < 0) return ErrnoFailure(fmt::format("clone3({:#x})", arguments.flags));
  return Cloned{.pid = static_cast<pid_t>(pid), .pidfd = UniqueFd(pid == 0 ? -1 : pidfd)};
}

Status WriteTimeOffsets(const std::string& offsets) {
  constexpr char kFile[] = "/proc/self/timens_offsets";
  const UniqueFd file(open(kFile, O_WRONLY | O_CLOEXEC));
  if (!file.valid()) return ErrnoFailure(fmt::format("open({})", kFile));
  if (write(file.get(), offsets.data(), offsets.size()) < 0) {
    return ErrnoFailure(fmt::format("write({}, {})", kFile, offsets));
  }
  return {};
}

// What only a process that is given up afterwards may do to itself.
Status EnterNamespaces(const CloneRequest& request) {
  for (const auto& [fd, flag] : request.joined) {
    if (setns(fd->get(), static_cast<int>(flag)) != 0) {
      return ErrnoFailure(fmt::format("setns({:#x})", flag));
    }
  }
  // clone3 takes this flag on newer kernels only. It is the children that are in the namespace.
  if ((request.namespaces & CLONE_NEWTIME) != 0) {
    if (unshare(CLONE_NEWTIME) != 0) return ErrnoFailure("unshare(CLONE_NEWTIME)");
    if (!request.time_offsets.empty()) TRY(WriteTimeOffsets(request.time_offsets));
  }
  return {};
}

// From the helper: an errno and what failed, or 0, the number and a pidfd.
std::string HelperMessage(int32_t code, std::string_view text) {
  std::string message(reinterpret_cast<const char*>(&code), sizeof(code));
  return message.append(text);
}

[[noreturn]] void EndHelper(const UniqueFd& socket, const Error& error) {
  static_cast<void>(SendAll(socket, HelperMessage(error.code, error.attempted)));
  _exit(EXIT_FAILURE);
}

Result<Cloned> ReadHelper(const UniqueFd& socket) {
  std::array<char, 512> buffer;
  std::vector<UniqueFd> fds;
  const auto count = Receive(socket, buffer, fds);
  if (!count) return Forward(count.error());
  int32_t code = 0;
  if (*count < sizeof(code)) return Failure(ECHILD, "the process that clones ended");
  memcpy(&code, buffer.data(), sizeof(code));
  const std::string text(buffer.data() + sizeof(code), *count - sizeof(code));
  if (code != 0) return Failure(code, text);
  if (fds.size() != 1) return Failure(EBADMSG, "no pidfd of the cloned process came");
  return Cloned{.pid = static_cast<pid_t>(std::stol(text)), .pidfd = std::move(fds.front())};
}

// A helper enters the namespaces and makes a sibling of itself there.
Result<Cloned> CloneByHelper(const CloneRequest& request) {
  auto sockets = SocketPair();
  if (!sockets) return Forward(sockets.error());
  auto& [mine, helpers] = *sockets;
  const auto helper = CloneOnce(0, -1, Parent::kCaller);
  if (!helper) return Forward(helper.error());
  if (helper->pid == 0) {
    if (const auto entered = EnterNamespaces(request); !entered)
      EndHelper(helpers, entered.error());
    auto cloned = CloneOnce(request.namespaces & ~uint64_t{CLONE_NEWTIME}, request.cgroup,
                            Parent::kCallersParent);
    if (!cloned) EndHelper(helpers, cloned.error());
    if (cloned->pid == 0) return cloned;
    const std::array fds = {cloned->pidfd.get()};
    static_cast<void>(SendAll(helpers, HelperMessage(0, std::to_string(cloned->pid)), fds));
    _exit(EXIT_SUCCESS);
  }
  helpers = UniqueFd();
  auto cloned = ReadHelper(mine);
  TRY(Reap(helper->pidfd));
  return cloned;
}

}  // namespace

const std::vector<NamespaceKind>& NamespaceKinds() {
  static const std::vector<NamespaceKind> kKinds = {
      {"user", CLONE_NEWUSER},     {"mnt", CLONE_NEWNS},    {"pid", CLONE_NEWPID},
      {"uts", CLONE_NEWUTS},       {"ipc", CLONE_NEWIPC},   {"net", CLONE_NEWNET},
      {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME},
  };
  return kKinds;
}

std::optional<NamespaceKind> FindNamespaceKind(std::string_view name) {
  for (const NamespaceKind& kind : NamespaceKinds()) {
    if (kind.name == name) return kind;
  }
  return std::nullopt;
}

Result<Cloned> Clone(const CloneRequest& request) {
  if (request.joined.empty() && (request.namespaces & CLONE_NEWTIME) == 0) {
    return CloneOnce(request.namespaces, request.cgroup, Parent::kCaller);
  }
  return CloneByHelper(request);
}

Result<bool> HasExecuted(pid_t child) {
  // PF_FORKNOEXEC of include/linux/sched.h, which is as it was in Linux 2.2.
  constexpr unsigned long kHasNotExecuted = 0x40;
  // The state, five numbers, and the flags stand behind the name, which may hold anything.
  constexpr int kFlags = 6;
  const std::string path = fmt::format("/proc/{}/stat", child);
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.find(')') == text.npos) return Failure(ESRCH, path);
  std::istringstream rest(text.substr(text.rfind(')') + 1));
  std::string field;
  for (int i = 0; i <= kFlags; ++i) rest >> field;
  if (!rest) return Failure(ESRCH, path);
  return (strtoul(field.c_str(), nullptr, 10) & kHasNotExecuted) == 0;
}

Result<UniqueFd> ContinueInChild(int cgroup) {
  UniqueFd caller(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
  if (!caller.valid()) return ErrnoFailure("pidfd_open()");
  const auto cloned = CloneOnce(0, cgroup, Parent::kCaller);
  if (!cloned) return Forward(cloned.error());
  if (cloned->pid != 0) _exit(EXIT_SUCCESS);
  return caller;
}

}  // namespace lxcspec::runtime
