// SPDX-License-Identifier: Apache-2.0
//
// Members about device nodes in a running container.

#include <cerrno>
#include <string>

#include "runtime/api/acting.h"
#include "runtime/api/handle.h"
#include "runtime/api/members.h"
#include "runtime/container/client.h"
#include "runtime/container/devices.h"

namespace lxcspec::runtime {
namespace {

template <typename Change>
bool ChangeNode(abi::Container* client, const char* call, const char* source,
                const char* destination, Change change) {
  return Act(client, call, [&](Handle&, const Target& target) -> Status {
    if (source == nullptr) return Failure(EINVAL, "the device is NULL");
    // Asked for first: if this process is still alive afterwards, the number is its own.
    const auto pidfd = QueryInitPidfd(target.place, target.patience);
    if (!pidfd) return Forward(pidfd.error());
    const auto pid = QueryInitPid(target.place, target.patience);
    if (!pid) return Forward(pid.error());
    const auto write_rule = [&](const std::string& file, const std::string& rule) -> Status {
      const auto answer =
          Query(target.place, Command::kSetCgroupItem, file + '\0' + rule, target.patience);
      if (!answer) return Forward(answer.error());
      return {};
    };
    return change(*pidfd, *pid, source, destination == nullptr ? source : destination, write_rule);
  });
}

bool AddNode(abi::Container* client, const char* source, const char* destination) {
  return ChangeNode(client, "add_device_node", source, destination, AddDeviceNode);
}

bool RemoveNode(abi::Container* client, const char* source, const char* destination) {
  return ChangeNode(client, "remove_device_node", source, destination, RemoveDeviceNode);
}

}  // namespace

void SetDeviceMembers(abi::Container& members) {
  members.add_device_node = AddNode;
  members.remove_device_node = RemoveNode;
}

}  // namespace lxcspec::runtime
