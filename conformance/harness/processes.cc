// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/processes.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "conformance/harness/one_process.h"

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

// The line `key:\tvalue` of a file of /proc; empty where there is none.
std::string FieldOf(const std::string& file, const std::string& key) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with(key + ":"))
      return line.substr(line.find_first_not_of(" \t", key.size() + 1));
  }
  return "";
}

Status LoadFilter(std::vector<sock_filter>& filter) {
  RelyOnOneProcess("the system calls that are refused to the test");
  const sock_fprog program{.len = static_cast<unsigned short>(filter.size()),
                           .filter = filter.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return FailErrno("prctl(PR_SET_NO_NEW_PRIVS)");
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    return FailErrno("prctl(PR_SET_SECCOMP)");
  }
  return {};
}

}  // namespace

Result<UniqueFd> OpenPidfd(pid_t pid) {
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) return FailErrno("pidfd_open");
  return pidfd;
}

Status SendSignal(const UniqueFd& pidfd, int signal) {
  if (syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) != 0) {
    return FailErrno("pidfd_send_signal");
  }
  return {};
}

bool IsReadable(const UniqueFd& fd) {
  pollfd entry{.fd = fd.get(), .events = POLLIN, .revents = 0};
  return poll(&entry, 1, 0) == 1;
}

Result<pid_t> ProcessOf(const UniqueFd& pidfd) {
  const std::string pid = FieldOf("/proc/self/fdinfo/" + std::to_string(pidfd.get()), "Pid");
  if (pid.empty()) return Fail(EINVAL, "no pidfd");
  return static_cast<pid_t>(std::stol(pid));
}

std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::vector<pid_t> children;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ptr != name.data() + name.size() || name.empty()) continue;
    if (FieldOf(entry.path() / "status", "PPid") == std::to_string(parent)) children.push_back(pid);
  }
  return children;
}

std::string CommandLineOf(pid_t pid) {
  std::ifstream stream("/proc/" + std::to_string(pid) + "/cmdline", std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

size_t OpenDescriptorCount() {
  RelyOnOneProcess("the descriptors of the test");
  return static_cast<size_t>(
      std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}

Status RefuseSystemCalls(std::initializer_list<int> numbers, int error) {
  std::vector<sock_filter> filter = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const int number : numbers) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ, static_cast<unsigned>(number), 0, 1));
    filter.push_back(BPF_STMT(BPF_RET, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)));
  }
  filter.push_back(BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW));
  return LoadFilter(filter);
}

Status RefuseFilters() {
  std::vector<sock_filter> filter = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_seccomp, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_prctl, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JEQ, PR_SET_SECCOMP, 0, 1),
      BPF_STMT(BPF_RET, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
  };
  return LoadFilter(filter);
}

Status RefuseListeners() {
  std::vector<sock_filter> filter = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_seccomp, 0, 5),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JGE, SECCOMP_GET_ACTION_AVAIL, 2, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])),
      BPF_JUMP(BPF_JMP | BPF_JSET, SECCOMP_FILTER_FLAG_NEW_LISTENER, 0, 1),
      BPF_STMT(BPF_RET, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
  };
  return LoadFilter(filter);
}

Status RefusePidfds() {
  return RefuseSystemCalls({SYS_pidfd_open, SYS_pidfd_send_signal, SYS_clone3}, ENOSYS);
}

Status RefuseTimeNamespaces() {
  constexpr unsigned kCloneNewTime = 0x80;
  // The flags of clone3 are out of a filter's sight. Those of clone have no room for this one.
  std::vector<sock_filter> filter = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_clone3, 0, 1),
      BPF_STMT(BPF_RET, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_unshare, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JSET, kCloneNewTime, 0, 1),
      BPF_STMT(BPF_RET, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
  };
  return LoadFilter(filter);
}

Status RefuseSignalsByNumber() {
  return RefuseSystemCalls(
      {SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo}, EPERM);
}

}  // namespace lxcspec
