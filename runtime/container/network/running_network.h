// SPDX-License-Identifier: Apache-2.0
//
// The network of a running container as a client sees and changes it: interfaces, addresses, and
// devices moved in and out.

#ifndef LXCSPEC_RUNTIME_CONTAINER_NETWORK_RUNNING_NETWORK_H_
#define LXCSPEC_RUNTIME_CONTAINER_NETWORK_RUNNING_NETWORK_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec::runtime {

struct AddressFilter {
  // Nothing: of all but the loopback interface.
  std::optional<std::string> interface;
  // AF_INET or AF_INET6; nothing: both.
  std::optional<int> family;
  // Of version 6: an interface's index for its link-local addresses, 0 for all others.
  uint32_t scope = 0;
};

// May be used by programs with threads: only a child of it is ever in the container.
class RunningNetwork {
 public:
  // That of the container's first process. ESRCH where that has ended.
  static Result<RunningNetwork> Open(const UniqueFd& init_pidfd, pid_t init_pid);

  // Names, in the order of their numbers.
  Result<std::vector<std::string>> Interfaces();

  // As text, without prefix lengths.
  Result<std::vector<std::string>> Addresses(const AddressFilter& filter);

  // Moves a device of the caller's network here, where it gets that name. It is down afterwards.
  // ENODEV where there is none, EEXIST where the name is taken, EINVAL for what is no name.
  Status MoveIn(const std::string& device, const std::string& name);

  // Moves a device to the caller's network.
  Status MoveOut(const std::string& device, const std::string& name);

 private:
  RunningNetwork(NetlinkSocket socket, UniqueFd network)
      : socket_(std::move(socket)), namespace_(std::move(network)) {}

  NetlinkSocket socket_;
  UniqueFd namespace_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_NETWORK_RUNNING_NETWORK_H_
