// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/seccomp/filtered_callers.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include "runtime/kernel/seccomp/filter.h"
#include "runtime/kernel/socket.h"

namespace lxcspec::runtime {
namespace {

Result<UniqueFd> Filter() {
  const std::array<sock_filter, 4> program = {
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return ErrnoFailure("prctl()");
  return LoadSeccompFilter(program, true);
}

// Of the parent of all callers, which itself makes no call that waits.
[[noreturn]] void ServeCommands(const UniqueFd& commands) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Its children end with it, and none of them stays a zombie.
  signal(SIGCHLD, SIG_IGN);
  setpgid(0, 0);
  auto listener = Filter();
  if (!listener) _exit(1);
  const std::array<int, 1> fds = {listener->get()};
  if (!SendAll(commands, "l", fds)) _exit(1);
  *listener = UniqueFd();
  uint64_t argument = 0;
  while (recv(commands.get(), &argument, sizeof(argument), 0) == sizeof(argument)) {
    const pid_t child = fork();
    if (child == 0) {
      const long result = syscall(SYS_getppid, argument);
      const FilteredCallers::Outcome outcome{.argument = argument,
                                             .result = result < 0 ? -errno : result};
      send(commands.get(), &outcome, sizeof(outcome), MSG_NOSIGNAL);
      _exit(0);
    }
    const FilteredCallers::Outcome started{.argument = argument, .result = child};
    // By another way than outcomes come, which may come first.
    if (write(STDOUT_FILENO, &started, sizeof(started)) != sizeof(started)) _exit(1);
  }
  _exit(0);
}

}  // namespace

Result<FilteredCallers> FilteredCallers::Start() {
  auto sockets = SocketPair(SocketKind::kMessages);
  if (!sockets) return Forward(std::move(sockets).error());
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return ErrnoFailure("pipe()");
  UniqueFd numbers(ends[0]);
  const UniqueFd numbers_in(ends[1]);
  const pid_t parent = fork();
  if (parent < 0) return ErrnoFailure("fork()");
  if (parent == 0) {
    dup2(numbers_in.get(), STDOUT_FILENO);
    sockets->first = UniqueFd();
    ServeCommands(sockets->second);
  }
  std::array<char, 1> byte{};
  std::vector<UniqueFd> fds;
  const auto count = Receive(sockets->first, byte, fds);
  if (!count || *count == 0 || fds.empty()) {
    kill(parent, SIGKILL);
    waitpid(parent, nullptr, 0);
    return Failure(ENOSYS, "a filter with a listener");
  }
  return FilteredCallers(parent, std::move(fds[0]), std::move(sockets->first), std::move(numbers));
}

FilteredCallers::FilteredCallers(pid_t parent, UniqueFd listener, UniqueFd commands,
                                 UniqueFd numbers)
    : parent_(parent),
      listener_(std::move(listener)),
      commands_(std::move(commands)),
      numbers_(std::move(numbers)) {}

FilteredCallers::FilteredCallers(FilteredCallers&& other) noexcept
    : parent_(std::exchange(other.parent_, -1)),
      listener_(std::move(other.listener_)),
      commands_(std::move(other.commands_)),
      numbers_(std::move(other.numbers_)) {}

FilteredCallers::~FilteredCallers() { End(); }

void FilteredCallers::End() {
  const pid_t parent = std::exchange(parent_, -1);
  if (parent < 0) return;
  kill(-parent, SIGKILL);
  waitpid(parent, nullptr, 0);
}

Result<pid_t> FilteredCallers::Call(uint64_t argument) {
  TRY(SendAll(commands_, {reinterpret_cast<const char*>(&argument), sizeof(argument)}));
  Outcome started{};
  if (read(numbers_.get(), &started, sizeof(started)) != sizeof(started)) {
    return ErrnoFailure("read()");
  }
  return static_cast<pid_t>(started.result);
}

std::optional<FilteredCallers::Outcome> FilteredCallers::Returned() {
  Outcome outcome{};
  if (recv(commands_.get(), &outcome, sizeof(outcome), MSG_DONTWAIT) != sizeof(outcome)) {
    return std::nullopt;
  }
  return outcome;
}

}  // namespace lxcspec::runtime
