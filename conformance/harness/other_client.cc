// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/other_client.h"

#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

namespace lxcspec {
namespace {

constexpr int kTrue = 0;
constexpr int kFalse = 1;

}  // namespace

Result<OtherClient> OtherClient::Start(const std::function<bool()>& body) {
  const pid_t pid = fork();
  if (pid < 0) return FailErrno("fork");
  if (pid == 0) _exit(body() ? kTrue : kFalse);
  return OtherClient(pid);
}

Result<OtherClient> OtherClient::StartAs(pid_t number, const std::function<bool()>& body) {
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  arguments.set_tid = reinterpret_cast<uintptr_t>(&number);
  arguments.set_tid_size = 1;
  const Deadline deadline;
  while (true) {
    const bool last_try = deadline.Passed();
    const long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
    if (pid == 0) _exit(body() ? kTrue : kFalse);
    if (pid > 0) return OtherClient(static_cast<pid_t>(pid));
    // A process that has ended has its number until it was waited for.
    if (errno != EEXIST || last_try) return FailErrno("clone3(set_tid)");
    PauseBetweenLooks();
  }
}

bool OtherClient::HasReturned() const {
  siginfo_t info{};
  return pid_ < 0 ||
         (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
          info.si_pid == pid_);
}

Result<bool> OtherClient::Await(std::chrono::milliseconds unscaled) {
  RETURN_IF_ERROR(AwaitExit(pid_, unscaled));
  int status = 0;
  if (waitpid(std::exchange(pid_, -1), &status, 0) < 0) return FailErrno("waitpid");
  if (!WIFEXITED(status) || WEXITSTATUS(status) > kFalse) {
    return Fail(EPROTO, "another client: ended otherwise than by its return");
  }
  return WEXITSTATUS(status) == kTrue;
}

void OtherClient::Kill() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(std::exchange(pid_, -1), nullptr, 0);
}

}  // namespace lxcspec
