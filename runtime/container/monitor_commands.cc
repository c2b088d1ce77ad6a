// SPDX-License-Identifier: Apache-2.0
//
// What the monitor answers to the lifecycle's commands.

#include <fmt/format.h>
#include <sched.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/container/console/commands.h"
#include "runtime/container/monitor.h"
#include "runtime/container/own_log.h"
#include "runtime/container/seccomp/attach_filter.h"
#include "runtime/extensions/devpts_fd.h"
#include "runtime/extensions/init_pidfd.h"
#include "runtime/extensions/seccomp_notify.h"
#include "runtime/kernel/clone.h"
#include "runtime/kernel/pidfd.h"

namespace lxcspec::runtime {
namespace {

constexpr std::chrono::seconds kFreezingPatience(10);
constexpr std::chrono::milliseconds kAfterTheAnswer(1);

Reply Text(std::string text) { return {.code = 0, .body = std::move(text), .fds = {}}; }

Reply Sent(Result<UniqueFd> fd) {
  if (!fd) return FailedReply(fd.error());
  Reply reply;
  reply.fds.push_back(*std::move(fd));
  return reply;
}

// systemd, and inits like it, take another signal than SIGPWR, and block it for that.
bool Blocks(pid_t process, int signal) {
  std::ifstream file(fmt::format("/proc/{}/status", process));
  constexpr std::string_view kLabel = "SigBlk:";
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(kLabel)) continue;
    const uint64_t mask = strtoull(line.c_str() + kLabel.size(), nullptr, 16);
    return ((mask >> (signal - 1)) & 1) != 0;
  }
  return false;
}

}  // namespace

void Monitor::RegisterCommands() {
  const auto with_init = [this](auto answer) {
    return [this, answer](const Request& request) {
      if (init_.pidfd.valid() && !init_.status) return answer(request);
      return FailedReply({.code = ESRCH, .attempted = "the container has no init at the moment"});
    };
  };
  server_.Handle(Command::kState, [this](const Request&) { return Text(StateName(state_)); });
  server_.HandleLate(Command::kWatchState, [this](const Request&, const Client& client) {
    watchers_.push_back(client);
    client.Send(Text(StateName(state_)));
  });
  server_.Handle(Command::kInitPid,
                 with_init([this](const Request&) { return Text(std::to_string(init_.pid)); }));
  server_.Handle(Command::kInitPidfd, with_init([this](const Request&) {
                   return Sent(InitPidfdForClient(init_.pidfd));
                 }));
  server_.Handle(Command::kSignal,
                 with_init([this](const Request& request) { return SignalInit(request.body); }));
  // The answer is the connection's end.
  server_.HandleLate(Command::kStop, [this](const Request&, const Client&) { Stop(); });
  server_.Handle(Command::kConfigItem, [this](const Request& request) {
    auto value = plan_.config.Get(request.body);
    return value ? Text(*std::move(value)) : FailedReply(value.error());
  });
  server_.Handle(Command::kNamespaces, [this](const Request&) {
    std::string names;
    for (const NamespaceKind& kind : NamespaceKinds()) {
      if ((plan_.namespaces.separate & kind.flag) != 0) names += fmt::format("{}\n", kind.name);
    }
    return Text(names);
  });
  RegisterCgroupCommands();
  HandleConsoleCommands(server_, [this] { return console_.get(); });
  server_.Handle(Command::kSeccompFd,
                 [this](const Request&) { return Sent(ListenerForClient(init_.listener)); });
  server_.Handle(Command::kSeccompFilter,
                 [this](const Request&) { return Text(EncodedFilter(plan_.seccomp.filter)); });
  server_.Handle(Command::kSeccompListener, with_init([this](const Request& request) {
                   const Status watched = WatchAttached(request);
                   return watched ? Reply() : FailedReply(watched.error());
                 }));
  server_.Handle(Command::kDevptsFd,
                 [this](const Request&) { return Sent(DevptsFdForClient(descriptors_.devpts)); });
}

Status Monitor::WatchAttached(const Request& request) {
  if (request.fds.size() != 1) return Failure(EBADF, "the attached process's seccomp listener");
  // Nobody else could get hold of it, so its calls would wait for ever.
  if (plan_.seccomp.proxy.empty()) {
    return Failure(EINVAL, "the profile's calls wait for lxc.seccomp.notify.proxy, which is unset");
  }
  auto listener = ListenerForClient(request.fds.front());
  if (!listener) return Forward(std::move(listener).error());
  return Relay(*std::move(listener));
}

void Monitor::RegisterCgroupCommands() {
  server_.HandleLate(Command::kFreeze,
                     [this](const Request&, const Client& client) { SetFrozen(true, client); });
  server_.HandleLate(Command::kUnfreeze,
                     [this](const Request&, const Client& client) { SetFrozen(false, client); });
  server_.Handle(Command::kCgroupItem, [this](const Request& request) {
    if (!cgroups_) return FailedReply({.code = ESRCH, .attempted = "there are no cgroups yet"});
    auto value = cgroups_->GetItem(request.body);
    return value ? Text(*std::move(value)) : FailedReply(value.error());
  });
  server_.Handle(Command::kSetCgroupItem, [this](const Request& request) {
    const size_t end = request.body.find('\0');
    if (!cgroups_ || end == request.body.npos) {
      return FailedReply({.code = EINVAL, .attempted = "set_cgroup_item"});
    }
    const auto set = cgroups_->SetItem(request.body.substr(0, end), request.body.substr(end + 1));
    if (request.body.starts_with("devices.")) GetReadyForDeviceRules(kAfterTheAnswer);
    return set ? Reply() : FailedReply(set.error());
  });
}

void Monitor::GetReadyForDeviceRules(std::chrono::milliseconds delay) {
  loop_.After(delay, [this] {
    if (cgroups_) cgroups_->GetReadyForDeviceRules();
  });
}

void Monitor::SetFrozen(bool frozen, const Client& client) {
  const State from = frozen ? State::kRunning : State::kFrozen;
  const State to = frozen ? State::kFrozen : State::kRunning;
  const State on_the_way = frozen ? State::kFreezing : State::kThawed;
  // Asked for what is so already, or will be.
  if (state_ == to) return client.Send({});
  if (state_ == on_the_way) return freezers_.push_back(client);
  if (state_ != from && state_ != (frozen ? State::kThawed : State::kFreezing)) {
    return client.Send(FailedReply({.code = EBUSY, .attempted = StateName(state_)}));
  }
  const auto freezer = cgroups_->Freezer();
  if (!freezer) return client.Send(FailedReply(freezer.error()));
  // Those who asked for the opposite are told first.
  freezing_.Cancel();
  freezers_ = {client};
  SetState(on_the_way);
  freezing_.Begin(**freezer, frozen, kFreezingPatience, [=, this](const Status& status) {
    if (state_ == on_the_way) SetState(status ? to : from);
    for (const Client& waiting : std::exchange(freezers_, {})) {
      waiting.Send(status ? Reply() : FailedReply(status.error()));
    }
  });
}

Reply Monitor::SignalInit(const std::string& what) {
  const auto configured = [&](const char* key, int otherwise) {
    const auto number = ParseUnsigned(FirstValue(plan_.config, key));
    return number ? static_cast<int>(*number) : otherwise;
  };
  int signal = 0;
  if (what == "halt") {
    const int common = Blocks(init_.pid, SIGRTMIN + 3) ? SIGRTMIN + 3 : SIGPWR;
    signal = configured("lxc.signal.halt", common);
  } else if (what == "reboot") {
    signal = configured("lxc.signal.reboot", SIGINT);
  } else if (const auto number = ParseUnsigned(what); number && *number < NSIG) {
    signal = static_cast<int>(*number);
  } else {
    return FailedReply({.code = EINVAL, .attempted = fmt::format("\"{}\" is no signal", what)});
  }
  const Status sent = SendSignal(init_.pidfd, signal);
  return sent ? Reply() : FailedReply(sent.error());
}

}  // namespace lxcspec::runtime
