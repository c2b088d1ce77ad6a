// SPDX-License-Identifier: Apache-2.0
//
// Members that start, stop and change what runs.

#include <cerrno>
#include <cstdarg>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/api/acting.h"
#include "runtime/api/handle.h"
#include "runtime/api/members.h"
#include "runtime/base/text.h"
#include "runtime/container/client.h"
#include "runtime/container/lifecycle.h"
#include "runtime/container/own_log.h"
#include "runtime/container/start.h"
#include "runtime/extensions/claims.h"

namespace lxcspec::runtime {
namespace {

// An application container without arguments runs what is configured for it.
std::vector<std::string> CommandOf(const Target& target, bool application,
                                   std::vector<std::string> arguments) {
  if (!arguments.empty() || !application) return arguments;
  return Words(FirstValue(target.config, "lxc.execute.cmd"));
}

bool StartWith(abi::Container* client, bool application, std::vector<std::string> arguments) {
  return Act(client, "start", [&](Handle& handle, const Target& target) -> Status {
    const StartRequest request{.command = CommandOf(target, application, std::move(arguments)),
                               .application = application,
                               .daemonize = handle.daemonize};
    auto plan = PlanStart(target.place, target.config, request);
    if (!plan) return Forward(std::move(plan).error());
    const auto ended = StartContainer(*std::move(plan));
    if (!ended) return Forward(ended.error());
    // Clients that waited for the end find the init's status here.
    handle.error_num = ended->value_or(0);
    return {};
  });
}

bool Start(abi::Container* client, int use_init, char* const argv[]) {
  std::vector<std::string> arguments;
  for (; argv != nullptr && *argv != nullptr; ++argv) arguments.emplace_back(*argv);
  return StartWith(client, use_init != 0, std::move(arguments));
}

bool StartWithList(abi::Container* client, int use_init, ...) {
  std::vector<std::string> arguments;
  va_list list;
  va_start(list, use_init);
  while (const char* argument = va_arg(list, const char*)) arguments.emplace_back(argument);
  va_end(list);
  return StartWith(client, use_init != 0, std::move(arguments));
}

bool Stop(abi::Container* client) {
  return Act(client, "stop",
             [](Handle&, const Target& target) { return StopContainer(target.place); });
}

bool Shutdown(abi::Container* client, int timeout) {
  return Act(client, "shutdown", [&](Handle&, const Target& target) {
    return ShutdownContainer(target.place, FirstValue(target.config, "lxc.signal.halt"), timeout);
  });
}

bool Reboot(abi::Container* client) {
  return Act(client, "reboot", [](Handle&, const Target& target) {
    return RebootContainer(target.place, FirstValue(target.config, "lxc.signal.reboot"), 0);
  });
}

bool Reboot2(abi::Container* client, int timeout) {
  return Act(client, "reboot2", [&](Handle&, const Target& target) -> Status {
    if (!IsSwitchedOn("reboot2")) return Failure(ENOSYS, "reboot2() is switched off");
    return RebootContainer(target.place, FirstValue(target.config, "lxc.signal.reboot"), timeout);
  });
}

Status Ask(const Target& target, Command command, const std::string& body) {
  const auto answer = Query(target.place, command, body, target.patience);
  if (!answer) return Forward(answer.error());
  return {};
}

bool Freeze(abi::Container* client) {
  return Act(client, "freeze",
             [](Handle&, const Target& target) { return Ask(target, Command::kFreeze, ""); });
}

bool Unfreeze(abi::Container* client) {
  return Act(client, "unfreeze",
             [](Handle&, const Target& target) { return Ask(target, Command::kUnfreeze, ""); });
}

bool SetCgroupItem(abi::Container* client, const char* key, const char* value) {
  return Act(client, "set_cgroup_item", [&](Handle&, const Target& target) -> Status {
    if (key == nullptr || value == nullptr) return Failure(EINVAL, "the key or value is NULL");
    return Ask(target, Command::kSetCgroupItem, std::string(key) + '\0' + value);
  });
}

int GetCgroupItem(abi::Container* client, const char* key, char* value, int size) {
  if (client == nullptr || key == nullptr) return -EINVAL;
  const Address address = AddressOf(Handle::Of(client));
  const auto answer = Query(address.place, Command::kCgroupItem, key, address.patience);
  if (!answer) {
    errno = answer.error().code;
    return -answer.error().code;
  }
  return Fill(answer->body, value, size);
}

// The monitor never keeps a descriptor of its starter, whatever is wanted.
bool WantCloseAllFds(abi::Container* client, bool) { return client != nullptr; }

}  // namespace

void SetLifecycleMembers(abi::Container& members) {
  members.start = Start;
  members.startl = StartWithList;
  members.stop = Stop;
  members.shutdown = Shutdown;
  members.reboot = Reboot;
  members.reboot2 = Reboot2;
  members.freeze = Freeze;
  members.unfreeze = Unfreeze;
  members.get_cgroup_item = GetCgroupItem;
  members.set_cgroup_item = SetCgroupItem;
  members.want_close_all_fds = WantCloseAllFds;
}

}  // namespace lxcspec::runtime
