// SPDX-License-Identifier: Apache-2.0
//
// The two networks that a container's interfaces connect, as its monitor holds them: its own, which
// is the host's, and the container's.

#ifndef LXCSPEC_RUNTIME_CONTAINER_NETWORK_NETWORKS_H_
#define LXCSPEC_RUNTIME_CONTAINER_NETWORK_NETWORKS_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/container/network/host_traces.h"
#include "runtime/container/network/plan.h"
#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec::runtime {

struct Networks {
  NetlinkSocket host;
  NetlinkSocket inside;
  UniqueFd host_namespace;
  UniqueFd inside_namespace;
  uint64_t host_number = 0;
  HostTraces traces;
  // The container's first process, and its place.
  pid_t init = -1;
  std::string lxcpath;
  std::string name;

  // That of the container's first process, which the caller has not reaped.
  static Result<Networks> Open(const UniqueFd& init_pidfd, pid_t init_pid,
                               HostTraces::Announce announce);
};

// What there is of an interface of the plan.
struct MadeInterface {
  // In the container.
  std::string name;
  int index = 0;
  // The veth pair's other end; empty for other types.
  std::string host_name;
  int host_index = 0;
  // As it was chosen for a template; empty where there was none.
  std::string hardware_address;
  // Made by lxc-user-nic(1).
  bool is_users = false;
};

// What is common to all types before they are made.
struct InterfaceRequest {
  const InterfacePlan& plan;
  // In the container, where it is free.
  std::string name;
  std::optional<HardwareAddressBytes> address;
  // Where there is one.
  std::optional<Link> link;
};

// Of the template, with its random digits: never a group's address. Nothing for no template.
Result<std::optional<HardwareAddressBytes>> ChooseHardwareAddress(const std::string& text);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_NETWORK_NETWORKS_H_
