// SPDX-License-Identifier: Apache-2.0
//
// Members about the network of a running container.

#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/api/acting.h"
#include "runtime/api/handle.h"
#include "runtime/api/members.h"
#include "runtime/container/client.h"
#include "runtime/container/network/running_network.h"

namespace lxcspec::runtime {
namespace {

Result<RunningNetwork> NetworkOf(const Target& target) {
  // Asked for first: if this process is still alive afterwards, the number is its own.
  const auto pidfd = QueryInitPidfd(target.place, target.patience);
  if (!pidfd) return Forward(pidfd.error());
  const auto pid = QueryInitPid(target.place, target.patience);
  if (!pid) return Forward(pid.error());
  return RunningNetwork::Open(*pidfd, *pid);
}

// A list that ends with NULL, for the client to free(3) with its entries.
char** CopyList(const std::vector<std::string>& texts) {
  auto** list = static_cast<char**>(calloc(texts.size() + 1, sizeof(char*)));
  if (list == nullptr) return nullptr;
  for (size_t i = 0; i < texts.size(); ++i) {
    list[i] = Copy(texts[i]);
    if (list[i] != nullptr) continue;
    for (size_t made = 0; made < i; ++made) free(list[made]);
    free(list);
    return nullptr;
  }
  return list;
}

char** GetInterfaces(abi::Container* client) {
  char** list = nullptr;
  Act(client, "get_interfaces", [&](Handle&, const Target& target) -> Status {
    auto network = NetworkOf(target);
    if (!network) return Forward(network.error());
    const auto names = network->Interfaces();
    if (!names) return Forward(names.error());
    list = CopyList(*names);
    if (list == nullptr) return Failure(ENOMEM, "the list of interfaces");
    return {};
  });
  return list;
}

Result<AddressFilter> FilterOf(const char* interface, const char* family, int scope) {
  AddressFilter filter{.interface = Maybe(interface), .family = {}, .scope = 0};
  if (scope > 0) filter.scope = static_cast<uint32_t>(scope);
  if (family == nullptr) return filter;
  const std::string_view name = family;
  if (name == "inet")
    filter.family = AF_INET;
  else if (name == "inet6")
    filter.family = AF_INET6;
  else
    return Failure(EINVAL, "\"" + std::string(name) + "\" is no family of addresses");
  return filter;
}

char** GetIps(abi::Container* client, const char* interface, const char* family, int scope) {
  char** list = nullptr;
  Act(client, "get_ips", [&](Handle&, const Target& target) -> Status {
    const auto filter = FilterOf(interface, family, scope);
    if (!filter) return Forward(filter.error());
    auto network = NetworkOf(target);
    if (!network) return Forward(network.error());
    const auto addresses = network->Addresses(*filter);
    if (!addresses) return Forward(addresses.error());
    list = CopyList(*addresses);
    if (list == nullptr) return Failure(ENOMEM, "the list of addresses");
    return {};
  });
  return list;
}

template <typename Move>
bool MoveInterface(abi::Container* client, const char* call, const char* device,
                   const char* destination, Move move) {
  return Act(client, call, [&](Handle&, const Target& target) -> Status {
    if (device == nullptr) return Failure(EINVAL, "the network device is NULL");
    auto network = NetworkOf(target);
    if (!network) return Forward(network.error());
    return move(*network, device, destination == nullptr ? device : destination);
  });
}

bool AttachInterface(abi::Container* client, const char* device, const char* destination) {
  return MoveInterface(client, "attach_interface", device, destination,
                       [](RunningNetwork& network, const char* from, const char* to) {
                         return network.MoveIn(from, to);
                       });
}

bool DetachInterface(abi::Container* client, const char* device, const char* destination) {
  return MoveInterface(client, "detach_interface", device, destination,
                       [](RunningNetwork& network, const char* from, const char* to) {
                         return network.MoveOut(from, to);
                       });
}

}  // namespace

void SetNetworkMembers(abi::Container& members) {
  members.get_interfaces = GetInterfaces;
  members.get_ips = GetIps;
  members.attach_interface = AttachInterface;
  members.detach_interface = DetachInterface;
}

}  // namespace lxcspec::runtime
