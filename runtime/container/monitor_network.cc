// SPDX-License-Identifier: Apache-2.0
//
// The container's network, in its monitor: made before init goes on, removed when it has ended.

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "runtime/container/hooks.h"
#include "runtime/container/monitor.h"
#include "runtime/container/network/configure.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec::runtime {

Status Monitor::MakeNetwork() {
  // Whose network it shares has set that up.
  if ((plan_.namespaces.made & CLONE_NEWNET) == 0) return {};
  if (HasNoInterfaces()) {
    auto inside = NetlinkSocket::OpenByVisit(init_.pidfd, init_.pid);
    if (!inside) return Forward(std::move(inside).error());
    return SetLoopbackUp(*inside);
  }
  auto opened =
      ContainerNetwork::Open(init_.pidfd, init_.pid, [this](const std::vector<std::string>& lines) {
        recorded_.devices = lines;
        return Record();
      });
  if (!opened) return Forward(std::move(opened).error());
  network_ = *std::move(opened);
  TRY(network_->SetUp(plan_.network));
  ShowNetwork();
  for (const ContainerNetwork::Interface& interface : network_->interfaces()) {
    TRY(RunNetworkScript(interface, "up", interface.plan.script_up));
  }
  return {};
}

bool Monitor::HasNoInterfaces() const {
  const auto& all = plan_.network.interfaces;
  return std::all_of(all.begin(), all.end(), [](const InterfacePlan& interface) {
    const bool is_none = interface.type == InterfaceType::kNone;
    return (is_none || interface.type == InterfaceType::kEmpty) && interface.script_up.empty() &&
           interface.script_down.empty();
  });
}

void Monitor::ShowNetwork() {
  for (size_t i = 0; i < network_->interfaces().size(); ++i) {
    const auto& [plan, made] = network_->interfaces()[i];
    // Clients ask a running container for what was made up.
    if (!made.host_name.empty()) {
      static_cast<void>(plan_.config.Set(plan.key + ".veth.pair", made.host_name));
    }
    if (made.hardware_address.empty()) continue;
    static_cast<void>(plan_.config.Set(plan.key + ".hwaddr", made.hardware_address));
    // A reboot keeps it.
    plan_.network.interfaces[i].hardware_address = made.hardware_address;
  }
}

Status Monitor::RunNetworkScript(const ContainerNetwork::Interface& interface,
                                 const std::string& type, const std::string& command) {
  if (command.empty()) return {};
  const auto& [plan, made] = interface;
  HookRun run{.type = type, .section = "net", .output = [&](std::string_view line) {
                Say(LogLevel::kDebug, fmt::format("{} script.{}: {}", plan.key, type, line));
              }};
  if (hooks_.version == 0) {
    run.arguments = {plan.type_name};
    if (!plan.link.empty() || !made.host_name.empty()) run.arguments.push_back(plan.link);
    if (!made.host_name.empty()) run.arguments.push_back(made.host_name);
  }
  run.environment = {"LXC_NET_TYPE=" + plan.type_name, "LXC_NET_PARENT=" + plan.link,
                     "LXC_NET_PEER=" + made.host_name};
  return RunHooks(hooks_, {command}, run);
}

void Monitor::RemoveNetwork() {
  if (!network_) return;
  const std::vector<ContainerNetwork::Interface> made = network_->interfaces();
  for (auto interface = made.rbegin(); interface != made.rend(); ++interface) {
    const auto ran = RunNetworkScript(*interface, "down", interface->plan.script_down);
    if (!ran) Say(LogLevel::kError, ran.error().ToString());
  }
  if (const auto removed = network_->Remove(); !removed) {
    Say(LogLevel::kError, removed.error().ToString());
  }
  network_.reset();
}

}  // namespace lxcspec::runtime
