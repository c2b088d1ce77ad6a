// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/monitor.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/container/hooks.h"
#include "runtime/container/network/host_traces.h"
#include "runtime/container/own_log.h"
#include "runtime/kernel/credentials.h"
#include "runtime/kernel/memory.h"
#include "runtime/kernel/pidfd.h"
#include "runtime/kernel/socket.h"

namespace lxcspec::runtime {
namespace {

// How long a container may take after another signal than SIGKILL.
constexpr std::chrono::seconds kGrace(10);
// When a container has started, and its monitor has time.
constexpr std::chrono::seconds kUntilIdle(1);
constexpr std::chrono::seconds kLettingGo(2);

// The kernel ends the init of a pid namespace with these for reboot(2): pid_namespaces(7).
constexpr int kRebootSignal = SIGHUP;

Status InStage(const char* stage, Status status) {
  if (status) return status;
  return Failure(status.error().code, fmt::format("{}: {}", stage, status.error().attempted));
}

std::string Described(int status) {
  if (WIFEXITED(status)) return fmt::format("exited with status {}", WEXITSTATUS(status));
  return fmt::format("was ended by signal {}", WTERMSIG(status));
}

sigset_t WatchedSignals() {
  sigset_t watched;
  sigemptyset(&watched);
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2}) {
    sigaddset(&watched, signal);
  }
  return watched;
}

// A monitor that was killed may let go of its record a moment after its socket.
Result<RunRecord> TakeRecord(const Place& place) {
  const auto deadline = std::chrono::steady_clock::now() + kLettingGo;
  for (;;) {
    auto record = RunRecord::Take(place);
    if (record || record.error().code != EBUSY) return record;
    const bool listens = ConnectAbstract(CommandAddress(place), std::nullopt).has_value();
    if (listens || std::chrono::steady_clock::now() >= deadline) return record;
    poll(nullptr, 0, 1);
  }
}

}  // namespace

void RunMonitor(StartPlan plan, StartReporter reporter) {
  auto loop = EventLoop::Create();
  if (!loop) return reporter.Failed(loop.error());
  Monitor(std::move(plan), std::move(reporter), *std::move(loop)).Run();
}

Monitor::Monitor(StartPlan plan, StartReporter reporter, EventLoop loop)
    : plan_(std::move(plan)),
      reporter_(std::move(reporter)),
      loop_(std::move(loop)),
      server_(loop_),
      freezing_(loop_),
      hooks_(MakeHookContext(plan_.config, plan_.place.name, plan_.config_file)) {}

void Monitor::Run() {
  if (auto opened = InStage("start: monitor", Open()); !opened) {
    if (record_) record_->Remove();
    return reporter_.Failed(opened.error());
  }
  Result<bool> again = true;
  std::optional<int> status;
  while (again && *again) {
    again = RunOnce();
    status = init_.status;
  }
  RemoveCgroups();
  record_->Remove();
  // Those who wait for the container's end take the socket's for it: all else is gone now.
  server_.Close();
  if (!again) {
    Say(LogLevel::kError, again.error().ToString());
    reporter_.Failed(again.error());
  } else {
    reporter_.Ended(status.value_or(0));
  }
}

Status Monitor::Open() {
  auto record = TakeRecord(plan_.place);
  if (!record) return Forward(std::move(record).error());
  // A monitor that was killed, and after which nobody has asked for the container yet.
  TRY(ContainerCgroups::RemoveAt(record->contents().cgroups));
  TRY(RemoveHostTraces(record->contents().devices));
  record_ = *std::move(record);
  recorded_.place = plan_.place;
  TRY(Record());
  RegisterCommands();
  TRY(TakeSignals());
  TRY(WatchSignals());
  WatchStarter();
  return server_.Listen(CommandAddress(plan_.place));
}

Status Monitor::TakeSignals() {
  // The client's handlers are not for this process.
  TRY(ResetSignals());
  ::signal(SIGPIPE, SIG_IGN);
  const sigset_t watched = WatchedSignals();
  if (sigprocmask(SIG_SETMASK, &watched, nullptr) != 0) return ErrnoFailure("sigprocmask()");
  return {};
}

Status Monitor::WatchSignals() {
  if (signals_.valid()) loop_.Remove(signals_.get());
  const sigset_t watched = WatchedSignals();
  signals_ = UniqueFd(signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.valid()) return ErrnoFailure("signalfd()");
  return loop_.Add(signals_.get(), EPOLLIN, [this](uint32_t) { OnSignal(); });
}

void Monitor::WatchStarter() {
  // A container in the foreground goes with who waits for it.
  const int fd = reporter_.socket().get();
  static_cast<void>(loop_.Add(fd, EPOLLRDHUP, [this, fd](uint32_t) {
    loop_.Remove(fd);
    if (!plan_.request.daemonize) Stop();
    reporter_.Close();
  }));
}

void Monitor::OnSignal() {
  signalfd_siginfo info{};
  if (read(signals_.get(), &info, sizeof(info)) != sizeof(info)) return;
  if (!init_.pidfd.valid()) {
    is_stop_asked_ = true;
    return;
  }
  // A terminal that hangs up asks the container to end; all else is for it to decide.
  const int signal = static_cast<int>(info.ssi_signo);
  static_cast<void>(SendSignal(init_.pidfd, signal == SIGHUP ? SIGTERM : signal));
}

Result<bool> Monitor::RunOnce() {
  if (auto started = Start(); !started) {
    SetState(State::kAborting);
    EndInit();
    TearDown(false);
    return Failure(started.error().code, fmt::format("start: {}", started.error().attempted));
  }
  SetState(State::kRunning);
  reporter_.Running();
  ReleaseMemory();
  if (cgroups_ && cgroups_->HasDeviceProgram()) GetReadyForDeviceRules(kUntilIdle);
  while (!init_.status) {
    if (auto waited = loop_.RunOnce(); !waited) {
      Say(LogLevel::kError, waited.error().ToString());
      EndInit();
    }
  }
  const int status = *init_.status;
  Say(LogLevel::kInfo, fmt::format("init {} {}", init_.pid, Described(status)));
  const bool reboot = WIFSIGNALED(status) && WTERMSIG(status) == kRebootSignal && !is_stop_asked_;
  TearDown(reboot);
  return reboot;
}

void Monitor::TearDown(bool reboot) {
  freezing_.Cancel();
  if (state_ != State::kAborting) SetState(State::kStopping);
  // The container's last words.
  if (console_ && reboot) console_->Catch();
  if (console_ && !reboot) console_->Drain();
  const std::string target = fmt::format("LXC_TARGET={}", reboot ? "reboot" : "stop");
  // What is torn down is torn down, whatever a hook says.
  if (const auto ran = RunHooksOf("stop", {target}); !ran) {
    Say(LogLevel::kError, ran.error().ToString());
  }
  RemoveNetwork();
  init_.namespaces.clear();
  init_.listener = UniqueFd();
  relay_.reset();
  descriptors_ = {};
  if (const auto ran = RunHooksOf("post-stop", {target}); !ran) {
    Say(LogLevel::kError, ran.error().ToString());
  }
}

void Monitor::SetState(State state) {
  if (state == state_) return;
  state_ = state;
  std::erase_if(watchers_, [](const Client& client) { return !client.IsThere(); });
  for (const Client& client : std::vector(watchers_)) {
    client.Send({.code = 0, .body = StateName(state), .fds = {}});
  }
}

void Monitor::Stop() {
  is_stop_asked_ = true;
  LimitHook();
  if (!init_.pidfd.valid() || init_.status) return;
  freezing_.Cancel();
  if (state_ == State::kRunning) SetState(State::kStopping);
  const auto configured = ParseUnsigned(FirstValue(plan_.config, "lxc.signal.stop"));
  const int signal = static_cast<int>(configured.value_or(SIGKILL));
  static_cast<void>(SendSignal(init_.pidfd, signal));
  // Version 1 keeps even the dying frozen.
  if (const auto freezer = cgroups_ ? cgroups_->Freezer() : nullptr; freezer && *freezer) {
    static_cast<void>((*freezer)->SetFrozen(false));
  }
  if (signal == SIGKILL) return;
  loop_.After(kGrace, [this] {
    if (init_.pidfd.valid() && !init_.status) static_cast<void>(SendSignal(init_.pidfd, SIGKILL));
  });
}

void Monitor::Say(LogLevel level, const std::string& message) const {
  Log(level, "monitor", fmt::format("{}: {}", plan_.place.name, message), OwnLog(plan_.config));
}

}  // namespace lxcspec::runtime
