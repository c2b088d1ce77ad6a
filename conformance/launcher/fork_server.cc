// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/fork_server.h"

#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "conformance/launcher/execute.h"
#include "conformance/launcher/fd_message.h"

namespace lxcspec::launcher {

using nlohmann::json;
using std::chrono::milliseconds;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CgroupMount, mount_point, v2, options, repeated)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CgroupLayout, mounts)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Sandbox, layout, visible, needs)

namespace {

// The order of a request's descriptors.
constexpr size_t kRequestFds = 5;

std::string Text(const json& message) {
  return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

Status LimitWaiting(int socket, milliseconds patience) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
  const timeval limit{.tv_sec = seconds.count(), .tv_usec = (patience - seconds).count() * 1000};
  if (setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0) return {};
  return FailErrno("setsockopt(SO_RCVTIMEO)");
}

void CloseOthers() { close_range(kResultFd + 1, ~0U, 0); }

// What ps(1) shows of a process, and what a leak is named by; the stub has another (comm, proc(5)).
struct ProcessName {
  std::array<char, 16> text{};

  static ProcessName Own() {
    ProcessName name;
    prctl(PR_GET_NAME, name.text.data());
    return name;
  }
  void Take() const { prctl(PR_SET_NAME, text.data()); }
};

Result<Stub> ForkFor(const json& request, const FdMessage& message, const Sandbox& sandbox,
                     const std::function<int(const std::string&)>& run) {
  const std::string test = request.at("test");
  const StubTask task{.sandbox = &sandbox,
                      .cgroup = request.at("cgroup"),
                      .audit = true,
                      .grace = milliseconds(request.at("grace_ms").get<int64_t>()),
                      .output = message.fds.at(0).get(),
                      .error_output = message.fds.at(1).get(),
                      .result = message.fds.at(2).get(),
                      .report = message.fds.at(3).get(),
                      .lifeline = message.fds.at(4).get()};
  const ProcessName name = ProcessName::Own();
  // As if it had been executed.
  const BecomeSuite become = [&]() -> Error {
    CloseOthers();
    name.Take();
    exit(run(test));
  };
  return CloneStub(task, become, CLONE_PARENT);
}

}  // namespace

Result<ForkServer> ForkServer::Start(const Command& command,
                                     const std::vector<std::string>& environment,
                                     const Sandbox& sandbox, milliseconds patience) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return FailErrno("socketpair(SOCK_SEQPACKET)");
  }
  UniqueFd socket(ends[0]);
  const UniqueFd others(ends[1]);
  RETURN_IF_ERROR(LimitWaiting(socket.get(), patience));
  const std::vector<std::string> argv = command(kResultFd);
  const pid_t pid = fork();
  if (pid < 0) return FailErrno("fork()");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(others.get(), kResultFd);
    CloseOthers();
    _exit((Execute(argv, environment), 127));
  }
  ForkServer server(pid, std::move(socket));
  RETURN_IF_ERROR(SendMessage(server.socket_.get(), Text(sandbox)));
  return server;
}

ForkServer::ForkServer(ForkServer&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), socket_(std::move(other.socket_)) {}

ForkServer::~ForkServer() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<Stub> ForkServer::Fork(const std::string& test, const StubTask& task) {
  const json request = {{"test", test}, {"cgroup", task.cgroup}, {"grace_ms", task.grace.count()}};
  RETURN_IF_ERROR(
      SendMessage(socket_.get(), Text(request),
                  {task.output, task.error_output, task.result, task.report, task.lifeline}));
  ASSIGN_OR_RETURN(FdMessage answer, ReceiveMessage(socket_.get()));
  const json stub = json::parse(answer.text, nullptr, false);
  if (!stub.is_object()) return Fail(EPROTO, "fork server");
  if (stub.contains("error")) return Fail(0, stub["error"].get<std::string>());
  if (answer.fds.size() != 1) return Fail(EPROTO, "fork server");
  return Stub{stub.at("pid").get<pid_t>(), std::move(answer.fds[0])};
}

Status ServeForks(int socket, const std::function<int(const std::string& test)>& run) {
  try {
    ASSIGN_OR_RETURN(const FdMessage first, ReceiveMessage(socket));
    const Sandbox sandbox = json::parse(first.text);
    for (;;) {
      const auto message = ReceiveMessage(socket);
      if (!message) {
        if (message.error().code == ECONNRESET) return {};
        return Propagate(message.error());
      }
      if (message->fds.size() != kRequestFds) return Fail(EPROTO, "request of a fork");
      const auto stub = ForkFor(json::parse(message->text), *message, sandbox, run);
      RETURN_IF_ERROR(stub ? SendMessage(socket, Text({{"pid", stub->pid}}), {stub->pidfd.get()})
                           : SendMessage(socket, Text({{"error", stub.error().ToString()}})));
    }
  } catch (const json::exception& error) {
    return Fail(EPROTO, error.what());
  }
}

}  // namespace lxcspec::launcher
