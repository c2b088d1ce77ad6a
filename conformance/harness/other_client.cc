// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/other_client.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
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
