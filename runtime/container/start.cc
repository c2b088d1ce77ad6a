// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/start.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "runtime/container/client.h"
#include "runtime/container/monitor.h"
#include "runtime/container/own_log.h"
#include "runtime/extensions/lxc_log.h"
#include "runtime/extensions/pidfd.h"
#include "runtime/kernel/descriptors.h"
#include "runtime/kernel/pidfd.h"
#include "runtime/kernel/process_title.h"
#include "runtime/kernel/socket.h"

namespace lxcspec::runtime {
namespace {

enum ReportKind : uint32_t { kReportRunning = 1, kReportFailed, kReportEnded };

// The error's number in front of its text.
std::string EncodedError(const Error& error) {
  return fmt::format("{} {}", error.code, error.attempted);
}

Error DecodedError(const std::string& text) {
  const size_t blank = text.find(' ');
  if (blank == text.npos) return {.code = EPROTO, .attempted = text};
  return {.code = atoi(text.substr(0, blank).c_str()), .attempted = text.substr(blank + 1)};
}

// The next report; nothing where the monitor is gone.
Result<std::optional<Frame>> ReadReport(const UniqueFd& socket, FrameReader& reader) {
  for (;;) {
    auto frame = reader.Next();
    if (!frame || *frame) return frame;
    std::array<char, 1024> buffer;
    std::vector<UniqueFd> fds;
    const auto count = Receive(socket, buffer, fds);
    if (!count) return Forward(count.error());
    if (*count == 0) return std::nullopt;
    reader.Append(std::string_view(buffer.data(), *count));
  }
}

// A descriptor that is none of the standard ones.
UniqueFd AboveStdio(UniqueFd fd) {
  if (fd.get() > STDERR_FILENO) return fd;
  return UniqueFd(fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

// A client may have closed them; what the monitor opens must not take their places.
void FillStdio() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0 && null != fd) {
      dup2(null, fd);
      close(null);
    }
  }
}

// Standard descriptors of a process that has no terminal.
void DetachStdio() {
  const UniqueFd null = AboveStdio(UniqueFd(open("/dev/null", O_RDWR | O_CLOEXEC)));
  if (!null.valid()) return FillStdio();
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null.get(), fd);
}

// The forked process, which has one thread, for the rest of its life.
[[noreturn]] void BecomeMonitor(StartPlan plan, UniqueFd report) {
  report = AboveStdio(std::move(report));
  if (plan.request.daemonize)
    DetachStdio();
  else
    FillStdio();
  CloseOthers({STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, report.get(), LogDescriptor()});
  [[maybe_unused]] const int moved = chdir("/");
  SetProcessTitle(fmt::format("[lxc monitor] {} {}", plan.place.lxcpath, plan.place.name));
  RunMonitor(std::move(plan), StartReporter(std::move(report)));
  // Exit handlers are the client's.
  _exit(EXIT_SUCCESS);
}

// Returns the monitor's number where it is a child.
Result<pid_t> ForkMonitor(StartPlan& plan, UniqueFd& report) {
  const pid_t child = fork();
  if (child < 0) return ErrnoFailure("fork()");
  if (child != 0) return child;
  // It goes on in a child when it enters its cgroups: who leads no session gets no terminal.
  if (plan.request.daemonize && setsid() < 0) _exit(EXIT_FAILURE);
  BecomeMonitor(std::move(plan), std::move(report));
}

// The child may be reaped by a handler that the client has for SIGCHLD.
void WaitForChild(pid_t child) {
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// Reads reports up to the one that ends the wait.
Result<std::optional<int>> AwaitReports(const UniqueFd& socket, bool to_the_end) {
  FrameReader reader(kLongestRequest);
  for (;;) {
    const auto report = ReadReport(socket, reader);
    if (!report) return Forward(report.error());
    if (!*report) return Failure(ECHILD, "start: the monitor was killed");
    switch ((*report)->word) {
      case kReportRunning:
        if (!to_the_end) return std::nullopt;
        break;
      case kReportEnded:
        return atoi((*report)->body.c_str());
      default:
        return Forward(DecodedError((*report)->body));
    }
  }
}

}  // namespace

void StartReporter::Running() const {
  if (socket_.valid()) static_cast<void>(SendAll(socket_, EncodedHeader(kReportRunning, 0)));
}

void StartReporter::Failed(const Error& error) const {
  if (!socket_.valid()) return;
  const std::string text = EncodedError(error);
  static_cast<void>(SendAll(socket_, EncodedHeader(kReportFailed, text.size()) + text));
}

void StartReporter::Ended(int status) const {
  if (!socket_.valid()) return;
  const std::string text = std::to_string(status);
  static_cast<void>(SendAll(socket_, EncodedHeader(kReportEnded, text.size()) + text));
}

Result<StartPlan> PlanStart(const Place& place, const Config& config, const StartRequest& request) {
  const auto in_stage = [](Error error) {
    error.attempted = "start: configuration: " + error.attempted;
    return Forward(std::move(error));
  };
  if (auto can = PidfdsCanBeHad(); !can) return in_stage(std::move(can).error());
  auto namespaces = PlanNamespaces(config);
  if (!namespaces) return in_stage(std::move(namespaces).error());
  if (auto had = CgroupExtensionsCanBeHad(config); !had) return in_stage(std::move(had).error());
  auto cgroups = PlaceCgroups(config, place.name);
  if (!cgroups) return in_stage(std::move(cgroups).error());
  auto network = PlanNetwork(config);
  if (!network) return in_stage(std::move(network).error());
  network->lxcpath = place.lxcpath;
  network->name = place.name;
  std::string config_file = place.ToString() + "/config";
  auto setup = PlanSetup(config, {.name = place.name,
                                  .lxcpath = place.lxcpath,
                                  .config_file = config_file,
                                  .namespaces = namespaces->separate,
                                  .command = request.command,
                                  .default_autodev = !request.application});
  if (!setup) return in_stage(std::move(setup).error());
  auto seccomp = PlanSeccomp(config);
  if (!seccomp) return in_stage(std::move(seccomp).error());
  for (const std::string& warning : seccomp->filter.warnings) {
    Log(LogLevel::kWarn, "seccomp", fmt::format("{}: {}", place.name, warning), OwnLog(config));
  }
  return StartPlan{.place = place,
                   .config = config,
                   .config_file = std::move(config_file),
                   .request = request,
                   .namespaces = *std::move(namespaces),
                   .cgroups = *std::move(cgroups),
                   .network = *std::move(network),
                   .setup = *std::move(setup),
                   .seccomp = *std::move(seccomp)};
}

Result<std::optional<int>> StartContainer(StartPlan plan) {
  if (MonitorConnection::Open(plan.place)) {
    return Failure(EBUSY, fmt::format("start: {} runs already", plan.place.ToString()));
  }
  auto sockets = SocketPair();
  if (!sockets) return Forward(sockets.error());
  auto& [mine, monitors] = *sockets;
  const auto child = ForkMonitor(plan, monitors);
  if (!child) return Forward(child.error());
  monitors = UniqueFd();
  if (plan.request.daemonize) WaitForChild(*child);
  auto ended = AwaitReports(mine, !plan.request.daemonize);
  if (!plan.request.daemonize) WaitForChild(*child);
  return ended;
}

}  // namespace lxcspec::runtime
