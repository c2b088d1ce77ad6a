// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return FailErrno("pipe2");
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// The child's side: waits for the go-ahead, and exits with the errno of what failed.
[[noreturn]] void ChildMain(Pipe go, const std::function<Status()>& body) {
  go.write.Reset();
  char byte = 0;
  if (read(go.read.get(), &byte, 1) != 1) _exit(ECANCELED);
  const Status status = body();
  _exit(status ? 0 : status.error().code);
}

}  // namespace

Status RunInChild(int clone_flags, const char* what, const std::function<Status()>& body,
                  const std::function<Status(pid_t)>& in_parent) {
  ASSIGN_OR_RETURN(Pipe go, MakePipe());
  // A fork by any other name: the raw system call with no stack of its own.
  const long child = syscall(SYS_clone, static_cast<unsigned long>(clone_flags | SIGCHLD), nullptr,
                             nullptr, nullptr, nullptr);
  if (child < 0) return FailErrno(fmt::format("clone for {}", what));
  if (child == 0) ChildMain(std::move(go), body);

  const pid_t pid = static_cast<pid_t>(child);
  go.read.Reset();
  Status prepared;
  if (in_parent) prepared = in_parent(pid);
  if (prepared && write(go.write.get(), "g", 1) != 1) prepared = FailErrno("write to a child");
  go.write.Reset();

  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return FailErrno("waitpid");
  }
  RETURN_IF_ERROR(prepared);
  if (WIFSIGNALED(status)) return Fail(EINTR, fmt::format("{}: killed by a signal", what));
  if (WEXITSTATUS(status) != 0) return Fail(WEXITSTATUS(status), what);
  return {};
}

}  // namespace lxcspec
