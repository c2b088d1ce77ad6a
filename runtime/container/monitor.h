// SPDX-License-Identifier: Apache-2.0
//
// The process that owns a running container. One thread, one loop; see runtime/README.md.

#ifndef LXCSPEC_RUNTIME_CONTAINER_MONITOR_H_
#define LXCSPEC_RUNTIME_CONTAINER_MONITOR_H_

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/container/cgroups.h"
#include "runtime/container/command_server.h"
#include "runtime/container/console/console.h"
#include "runtime/container/freezing.h"
#include "runtime/container/hooks.h"
#include "runtime/container/init.h"
#include "runtime/container/network/container_network.h"
#include "runtime/container/run_record.h"
#include "runtime/container/seccomp/relay.h"
#include "runtime/container/setup/setup.h"
#include "runtime/container/start.h"
#include "runtime/container/state.h"
#include "runtime/extensions/lxc_log.h"
#include "runtime/kernel/event_loop.h"
#include "runtime/kernel/seccomp/listener_slot.h"

namespace lxcspec::runtime {

// Runs the container from its start until it has ended and nothing of it is left. In a process
// that has one thread, and is given up afterwards.
void RunMonitor(StartPlan plan, StartReporter reporter);

class Monitor {
 public:
  Monitor(StartPlan plan, StartReporter reporter, EventLoop loop);

  void Run();

 private:
  // What is logged of it: a hook that prints without end fills no disk.
  static constexpr size_t kMostHookOutput = size_t{1} << 20;

  // The container's first process, from its clone until it was reaped.
  struct Init {
    pid_t pid = -1;
    UniqueFd pidfd;
    // To init while it prepares, and what it reports.
    UniqueFd socket;
    UniqueFd report;
    std::string reported;
    // What its hooks print.
    UniqueFd log;
    std::string unlogged;
    size_t log_room = kMostHookOutput;
    bool is_ready = false;
    // Whether its command was executed, as far as is known.
    bool has_executed = true;
    // Where its filter has a listener: where init offers it, and the listener.
    std::optional<ListenerSlot> listener_slot;
    UniqueFd listener;
    // Where it asks for mounts to be id-mapped, if it does.
    UniqueFd id_mapper;
    // Its namespaces, by their names.
    std::vector<std::pair<std::string, UniqueFd>> namespaces;
    // As wait(2) has it, once it ended.
    std::optional<int> status;
  };

  // monitor.cc: from stage to stage, and back.
  Status Open();
  Status TakeSignals();
  Status WatchSignals();
  void WatchStarter();
  void OnSignal();
  // Start, run and tear down, once. Whether the container is to be started again.
  Result<bool> RunOnce();
  void TearDown(bool reboot);
  void SetState(State state);
  // Kills the container, as lxc.signal.stop has it, and for good a while later.
  void Stop();
  void Say(LogLevel level, const std::string& message) const;

  // monitor_start.cc: the stages of a start.
  Status Start();
  // Clients are answered meanwhile.
  Status RunHooksOf(const std::string& type, std::vector<std::string> environment);
  Status RunHookInLoop(const std::string& command, const HookRun& run);
  // Who is to stop does not run hooks for ever.
  void LimitHook();
  // Made once, as far as a reboot can keep it.
  Status OpenConsole();
  bool IsConsoleInContainer() const;
  ChildContext InitsConsole() const;
  int ConsolePeer() const;
  // Made once: a reboot stays in them.
  Status PrepareCgroups();
  Status CloneInit();
  Status EnterPayload(bool unified);
  // Says what there is outside of the container, for whoever finds it after this process was
  // killed.
  Status Record();
  // The context has the descriptors that init gets.
  [[noreturn]] void BecomeInit(InitContext context);
  // Lets init go, and goes along until its command runs.
  Status FollowInit();
  void OnInitSocket();
  void OnInitReport();
  // Logs what init's hooks have printed by now. False when there will be nothing more.
  bool ReadInitLog();
  Status OnInitReady();
  void OnIdMapRequest();
  Status FilterInit() const;
  // Looks again and again until init offers its listener, or is over.
  void AwaitListener();
  Status TakeListener(int fd);
  // Lets the proxy answer a listener's calls.
  Status Relay(UniqueFd listener);
  void OpenNamespaces();
  void OnInitEnd();
  // Kills and reaps what was cloned.
  void EndInit();
  void RemoveCgroups();

  // monitor_network.cc: the container's network, from its start to its end.
  Status MakeNetwork();
  // Nothing that is to be made on the host, and nobody to be told.
  bool HasNoInterfaces() const;
  void ShowNetwork();
  Status RunNetworkScript(const ContainerNetwork::Interface& interface, const std::string& type,
                          const std::string& command);
  void RemoveNetwork();

  // monitor_commands.cc: what clients are answered.
  void RegisterCommands();
  Reply SignalInit(const std::string& what);
  // Answers when it is so, or failed.
  void SetFrozen(bool frozen, const Client& client);
  // When the container has run so long.
  void GetReadyForDeviceRules(std::chrono::milliseconds delay);
  Status WatchAttached(const Request& request);
  void RegisterCgroupCommands();

  StartPlan plan_;
  StartReporter reporter_;
  EventLoop loop_;
  CommandServer server_;
  std::optional<RunRecord> record_;
  // What it says.
  RunContents recorded_;
  std::optional<ContainerCgroups> cgroups_;
  Freezing freezing_;
  // Who waits for what goes on there.
  std::vector<Client> freezers_;
  std::optional<ContainerNetwork> network_;
  std::unique_ptr<Console> console_;
  std::unique_ptr<SeccompRelay> relay_;
  UniqueFd signals_;
  State state_ = State::kStarting;
  std::vector<Client> watchers_;
  HookContext hooks_;
  RunningHook* running_hook_ = nullptr;
  std::optional<EventLoop::TimerId> hook_limit_;
  Init init_;
  ChildDescriptors descriptors_;
  bool is_stop_asked_ = false;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_MONITOR_H_
