// SPDX-License-Identifier: Apache-2.0
//
// The stages of a start that are the monitor's, in their order.

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/container/hooks.h"
#include "runtime/container/init.h"
#include "runtime/container/monitor.h"
#include "runtime/container/own_log.h"
#include "runtime/container/setup/id_mapping.h"
#include "runtime/extensions/claims.h"
#include "runtime/extensions/seccomp_notify.h"
#include "runtime/kernel/clone.h"
#include "runtime/kernel/descriptors.h"
#include "runtime/kernel/idmap.h"
#include "runtime/kernel/pidfd.h"
#include "runtime/kernel/seccomp/filter.h"
#include "runtime/kernel/seccomp/notify.h"
#include "runtime/kernel/socket.h"

namespace lxcspec::runtime {
namespace {

// How long a hook may take once the container is to stop.
constexpr std::chrono::seconds kHookLimit(15);

Status InStage(const char* stage, Status status) {
  if (status) return status;
  return Failure(status.error().code, fmt::format("{}: {}", stage, status.error().attempted));
}

}  // namespace

Status Monitor::Start() {
  init_ = {};
  SetState(State::kStarting);
  TRY(InStage("hooks", RunHooksOf("pre-start", {})));
  if (is_stop_asked_) return Failure(EINTR, "the container was stopped");
  TRY(InStage("console", OpenConsole()));
  TRY(InStage("cgroups", PrepareCgroups()));
  TRY(InStage("clone", CloneInit()));
  TRY(InStage("id maps", PrepareInit(plan_.setup, InitsConsole(), init_.pid)));
  TRY(InStage("network", MakeNetwork()));
  return FollowInit();
}

Status Monitor::RunHooksOf(const std::string& type, std::vector<std::string> environment) {
  size_t room = kMostHookOutput;
  HookRun run{
      .type = type, .environment = std::move(environment), .output = [&](std::string_view line) {
        const size_t size = std::min(room, line.size() + 1);
        room -= size;
        if (size > 0) Say(LogLevel::kInfo, fmt::format("hook {}: {}", type, line));
      }};
  // The hook opens them by way of this process, which holds them.
  for (const auto& [name, fd] : init_.namespaces) {
    run.arguments.push_back(fmt::format("{}:/proc/{}/fd/{}", name, getpid(), fd.get()));
  }
  for (const std::string& command : plan_.config.Values("lxc.hook." + type)) {
    TRY(RunHookInLoop(command, run));
  }
  return {};
}

Status Monitor::RunHookInLoop(const std::string& command, const HookRun& run) {
  auto hook = RunningHook::Start(hooks_, command, run);
  if (!hook) return Forward(std::move(hook).error());
  const int output = hook->output().get();
  const int pidfd = hook->pidfd().get();
  bool has_ended = false;
  const auto followed = [&]() -> Status {
    TRY(loop_.Add(output, EPOLLIN, [&](uint32_t) {
      if (!hook->ReadOutput()) loop_.Remove(output);
    }));
    TRY(loop_.Add(pidfd, EPOLLIN, [&](uint32_t) { has_ended = true; }));
    running_hook_ = &*hook;
    if (is_stop_asked_) LimitHook();
    while (!has_ended) TRY(loop_.RunOnce());
    return {};
  }();
  running_hook_ = nullptr;
  if (hook_limit_) loop_.Cancel(*hook_limit_);
  hook_limit_.reset();
  loop_.Remove(output);
  loop_.Remove(pidfd);
  if (!followed) hook->Kill();
  const Status finished = hook->Finish();
  return followed ? finished : followed;
}

void Monitor::LimitHook() {
  if (running_hook_ == nullptr || hook_limit_) return;
  hook_limit_ = loop_.After(kHookLimit, [this] {
    if (running_hook_ != nullptr) running_hook_->Kill();
  });
}

Status Monitor::OpenConsole() {
  ConsolePlan plan = PlanConsole(plan_.config);
  plan.is_foreground = !plan_.request.daemonize;
  plan.in_container = IsConsoleInContainer();
  // One of the container's own devpts goes with it.
  if (console_ && !plan.in_container) return {};
  console_.reset();
  auto opened = Console::Create(
      plan, loop_, [this](const Error& error) { Say(LogLevel::kError, error.ToString()); });
  if (!opened) return Forward(std::move(opened).error());
  console_ = *std::move(opened);
  return {};
}

// An ordinary user cannot give a terminal of the host to the container's root.
bool Monitor::IsConsoleInContainer() const {
  return plan_.setup.has_user_namespace() && geteuid() != 0;
}

ChildContext Monitor::InitsConsole() const {
  return {.console_peer = console_->peer(), .console_in_container = IsConsoleInContainer()};
}

Status Monitor::PrepareCgroups() {
  if (!cgroups_) {
    const auto record = [this](const std::vector<std::string>& paths) {
      recorded_.cgroups = paths;
      return Record();
    };
    const auto prepare = [this](const Cgroup& payload, CgroupLayout layout) {
      return PrepareDeviceRules(plan_.config, payload, layout);
    };
    auto made = ContainerCgroups::Create(plan_.cgroups, record, prepare);
    if (!made) return Forward(std::move(made).error());
    cgroups_ = *std::move(made);
    TRY(record(cgroups_->Paths()));
    TRY(cgroups_->EnterMonitor(plan_.request.daemonize));
    // This may be another process now.
    TRY(WatchSignals());
    TRY(server_.ListenOn());
  }
  return cgroups_->ApplyLimits(plan_.config);
}

Status Monitor::Record() { return record_->Write(recorded_); }

Status Monitor::EnterPayload(bool unified) {
  if (unified) TRY(cgroups_->AddPayload(init_.pid));
  const auto uid = OutsideId(plan_.setup.id_maps, IdKind::kUser, 0);
  const auto gid = OutsideId(plan_.setup.id_maps, IdKind::kGroup, 0);
  if (!uid || !gid) return {};
  return cgroups_->Delegate(*uid, *gid);
}

Status Monitor::CloneInit() {
  auto sockets = SocketPair(SocketKind::kMessages);
  if (!sockets) return Forward(sockets.error());
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return ErrnoFailure("pipe2()");
  UniqueFd report_out(ends[1]);
  init_.report = UniqueFd(ends[0]);
  init_.socket = std::move(sockets->first);
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return ErrnoFailure("pipe2()");
  UniqueFd log_in(ends[1]);
  init_.log = UniqueFd(ends[0]);
  if (fcntl(init_.log.get(), F_SETFL, O_NONBLOCK) != 0) return ErrnoFailure("fcntl(O_NONBLOCK)");

  std::vector<UniqueFd> shared;
  // The process makes its cgroup namespace itself, when it is in its cgroups.
  CloneRequest request{.namespaces = plan_.namespaces.made & ~uint64_t{CLONE_NEWCGROUP},
                       .time_offsets = plan_.namespaces.time_offsets};
  shared.reserve(plan_.namespaces.shared.size());
  for (const auto& [flag, whose] : plan_.namespaces.shared) {
    auto fd = OpenShared(plan_.place, flag, whose);
    if (!fd) return Forward(std::move(fd).error());
    shared.push_back(*std::move(fd));
    request.joined.emplace_back(&shared.back(), flag);
  }
  request.cgroup = cgroups_->PayloadFd();
  auto payload = cgroups_->OpenPayload();
  if (!payload) return InStage("cgroups", Forward(std::move(payload).error()));
  if (plan_.seccomp.filter.notifies) {
    auto slot = ListenerSlot::Create();
    if (!slot) return Forward(std::move(slot).error());
    init_.listener_slot = *std::move(slot);
  }
  UniqueFd id_mapper;
  if (WantsIdMappings(plan_.setup)) {
    auto ends = SocketPair(SocketKind::kMessages);
    if (!ends) return Forward(std::move(ends).error());
    init_.id_mapper = std::move(ends->first);
    id_mapper = std::move(ends->second);
  }
  auto cloned = Clone(request);
  // A kernel that cannot begin a process in a cgroup can move it there.
  const bool moved = !cloned && cloned.error().code == ENOSYS && request.cgroup >= 0;
  if (moved) {
    request.cgroup = -1;
    cloned = Clone(request);
  }
  if (!cloned) return Forward(std::move(cloned).error());
  if (cloned->pid == 0) {
    BecomeInit({.socket = std::move(sockets->second),
                .report = std::move(report_out),
                .id_mapper = std::move(id_mapper),
                .cgroups = *std::move(payload),
                .log = std::move(log_in)});
  }
  CloseTogether(*std::move(payload));
  init_.pid = cloned->pid;
  init_.pidfd = std::move(cloned->pidfd);
  TRY(InStage("cgroups", EnterPayload(moved)));
  return loop_.Add(init_.pidfd.get(), EPOLLIN, [this](uint32_t) { OnInitEnd(); });
}

int Monitor::ConsolePeer() const {
  if (console_->peer() >= 0 || !IsConsoleInContainer()) return console_->peer();
  // Only a place for what the set-up puts there.
  return open("/dev/null", O_RDWR | O_CLOEXEC);
}

void Monitor::BecomeInit(InitContext context) {
  // The monitor's ends: whether it is still there is seen by their being closed.
  init_.socket = UniqueFd();
  init_.report = UniqueFd();
  init_.log = UniqueFd();
  init_.id_mapper = UniqueFd();
  const auto death = ParseUnsigned(FirstValue(plan_.config, "lxc.monitor.signal.pdeath"));
  if (plan_.seccomp.is_wanted()) context.restrict_calls = [this] { return FilterInit(); };
  context.console_peer = ConsolePeer();
  context.console_in_container = IsConsoleInContainer();
  context.inherit_stdio = !plan_.request.daemonize;
  context.is_application = plan_.request.application;
  context.hide_memory = geteuid() == 0;
  context.unshare_cgroup = (plan_.namespaces.made & CLONE_NEWCGROUP) != 0;
  context.death_signal = static_cast<int>(death.value_or(SIGKILL));
  RunInit(plan_.setup, std::move(context));
}

Status Monitor::FilterInit() const {
  const SeccompFilter& filter = plan_.seccomp.filter;
  auto listener = LoadSeccompFilter(filter.program, filter.notifies);
  if (!listener) return Forward(std::move(listener).error());
  // Held until exec: closing it is a call that somebody might have to answer.
  const int fd = listener->Release();
  if (filter.notifies) init_.listener_slot->Offer(fd);
  return {};
}

void Monitor::AwaitListener() {
  constexpr std::chrono::microseconds kGlance(100);
  if (!init_.listener_slot || init_.listener.valid() || !init_.report.valid()) return;
  const auto fd = init_.listener_slot->Offered();
  if (!fd) {
    loop_.After(kGlance, [this] { AwaitListener(); });
    return;
  }
  if (const auto taken = TakeListener(*fd); !taken) {
    Say(LogLevel::kError, fmt::format("seccomp: {}", taken.error().ToString()));
    // It would wait for ever.
    static_cast<void>(SendSignal(init_.pidfd, SIGKILL));
  }
}

Status Monitor::TakeListener(int fd) {
  auto listener = DescriptorOf(init_.pidfd, fd);
  if (!listener) return Forward(std::move(listener).error());
  init_.listener = *std::move(listener);
  WakeSynchronously(init_.listener);
  if (!plan_.seccomp.proxy.empty()) {
    auto copy = ListenerForClient(init_.listener);
    if (!copy) return Forward(std::move(copy).error());
    TRY(Relay(*std::move(copy)));
  }
  init_.listener_slot->Take();
  return {};
}

Status Monitor::Relay(UniqueFd listener) {
  if (!relay_) {
    auto made =
        SeccompRelay::Create(loop_,
                             {.proxy = plan_.seccomp.proxy,
                              .cookie = plan_.seccomp.cookie,
                              .sends_listener = IsSwitchedOn("seccomp_proxy_send_notify_fd")},
                             [this](const Error& error) {
                               Say(LogLevel::kError, fmt::format("seccomp: {}", error.ToString()));
                             });
    if (!made) return Forward(std::move(made).error());
    relay_ = *std::move(made);
  }
  return relay_->Watch(std::move(listener), init_.pid);
}

Status Monitor::FollowInit() {
  TRY(InStage("clone", SendAll(init_.socket, std::string(1, kGo))));
  TRY(loop_.Add(init_.socket.get(), EPOLLIN, [this](uint32_t) { OnInitSocket(); }));
  TRY(loop_.Add(init_.report.get(), EPOLLIN, [this](uint32_t) { OnInitReport(); }));
  TRY(loop_.Add(init_.log.get(), EPOLLIN, [this](uint32_t) {
    if (!ReadInitLog()) loop_.Remove(init_.log.get());
  }));
  if (init_.id_mapper.valid()) {
    TRY(loop_.Add(init_.id_mapper.get(), EPOLLIN, [this](uint32_t) { OnIdMapRequest(); }));
  }
  while (init_.report.valid()) TRY(loop_.RunOnce());
  static_cast<void>(ReadInitLog());
  loop_.Remove(init_.log.get());
  init_.log = UniqueFd();
  if (init_.socket.valid()) loop_.Remove(init_.socket.get());
  init_.socket = UniqueFd();
  if (init_.id_mapper.valid()) loop_.Remove(init_.id_mapper.get());
  init_.id_mapper = UniqueFd();
  const InitReport report = ParseInitReport(init_.reported);
  if (report.executed) {
    // seccomp_allow_deny_syntax.init_refused
    if (plan_.request.application || init_.has_executed) return {};
    return Failure(EPERM,
                   "exec: init was killed by the attempt; does lxc.seccomp.profile allow it?");
  }
  if (is_stop_asked_) return Failure(EINTR, "the container was stopped");
  if (report.stage.empty()) return Forward(report.error);
  return Failure(report.error.code, fmt::format("{}: {}", report.stage, report.error.attempted));
}

void Monitor::OnInitSocket() {
  const auto done = [this]() -> Status {
    if (!init_.is_ready) {
      auto descriptors = ReceiveChildDescriptors(init_.socket.get());
      if (!descriptors) return Forward(std::move(descriptors).error());
      descriptors_ = *std::move(descriptors);
      init_.is_ready = true;
      return console_->Adopt(std::move(descriptors_.console), std::move(descriptors_.ttys));
    }
    std::array<char, 1> buffer;
    std::vector<UniqueFd> fds;
    const auto count = Receive(init_.socket, buffer, fds);
    if (!count) return Forward(count.error());
    // Its command runs, or it ended: its report says which.
    if (*count == 0) return Failure(0, "");
    return OnInitReady();
  }();
  if (done) return;
  if (done.error().code != 0) Say(LogLevel::kError, done.error().ToString());
  // init's own report, or its end, says why; without its socket it goes no further.
  loop_.Remove(init_.socket.get());
  init_.socket = UniqueFd();
}

Status Monitor::OnInitReady() {
  OpenNamespaces();
  TRY(RunHooksOf("start-host", {fmt::format("LXC_PID={}", init_.pid)}));
  // Its devices are made: what it may open from now on is limited.
  TRY(cgroups_->ApplyDeviceRules(plan_.config));
  TRY(SendAll(init_.socket, std::string(1, kGo)));
  AwaitListener();
  return {};
}

void Monitor::OnIdMapRequest() {
  // init is not reaped before its pidfd is looked at, so the number is its own.
  if (AnswerIdMapping(init_.id_mapper, plan_.setup, init_.pid)) return;
  loop_.Remove(init_.id_mapper.get());
  init_.id_mapper = UniqueFd();
}

void Monitor::OpenNamespaces() {
  const auto has_hooks = [this](const char* key) { return !plan_.config.Values(key).empty(); };
  // Nobody else is told of them.
  if (!has_hooks("lxc.hook.start-host") && !has_hooks("lxc.hook.stop")) return;
  // init is not reaped before its pidfd is looked at, so the number is its own.
  for (const NamespaceKind& kind : NamespaceKinds()) {
    if ((plan_.namespaces.separate & kind.flag) == 0) continue;
    const std::string path = fmt::format("/proc/{}/ns/{}", init_.pid, kind.name);
    UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.valid()) init_.namespaces.emplace_back(kind.name, std::move(fd));
  }
}

void Monitor::OnInitReport() {
  std::array<char, 1024> buffer;
  const ssize_t count = read(init_.report.get(), buffer.data(), buffer.size());
  if (count > 0) {
    init_.reported.append(buffer.data(), static_cast<size_t>(count));
    return;
  }
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
  loop_.Remove(init_.report.get());
  init_.report = UniqueFd();
  if (!init_.status) init_.has_executed = HasExecuted(init_.pid).value_or(true);
}

bool Monitor::ReadInitLog() {
  // More than the pipe holds.
  std::array<char, 1 << 17> buffer;
  const ssize_t count = read(init_.log.get(), buffer.data(), buffer.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (count <= 0) return false;
  init_.unlogged.append(buffer.data(), static_cast<size_t>(count));
  for (size_t end = 0; (end = init_.unlogged.find('\n')) != init_.unlogged.npos;) {
    const std::string line = init_.unlogged.substr(0, end);
    init_.unlogged.erase(0, end + 1);
    const size_t size = std::min(init_.log_room, line.size() + 1);
    init_.log_room -= size;
    if (size > 0) Say(LogLevel::kInfo, line);
  }
  return true;
}

void Monitor::OnInitEnd() {
  loop_.Remove(init_.pidfd.get());
  // The report's end may come after this one.
  if (init_.report.valid()) init_.has_executed = HasExecuted(init_.pid).value_or(true);
  const auto status = Reap(init_.pidfd);
  if (!status) Say(LogLevel::kError, status.error().ToString());
  init_.status = status.value_or(SIGKILL);
}

void Monitor::RemoveCgroups() {
  if (!cgroups_) return;
  const auto removed = cgroups_->Remove(plan_.request.daemonize);
  if (!removed) Say(LogLevel::kError, removed.error().ToString());
}

void Monitor::EndInit() {
  if (!init_.pidfd.valid() || init_.status) return;
  static_cast<void>(SendSignal(init_.pidfd, SIGKILL));
  OnInitEnd();
}

}  // namespace lxcspec::runtime
