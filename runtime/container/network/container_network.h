// SPDX-License-Identifier: Apache-2.0
//
// The network of a container from its start to its end, in its monitor.

#ifndef LXCSPEC_RUNTIME_CONTAINER_NETWORK_CONTAINER_NETWORK_H_
#define LXCSPEC_RUNTIME_CONTAINER_NETWORK_CONTAINER_NETWORK_H_

#include <sys/types.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/container/network/configure.h"
#include "runtime/container/network/networks.h"
#include "runtime/container/network/plan.h"

namespace lxcspec::runtime {

class ContainerNetwork {
 public:
  // That of the container's first process, which has a network namespace of its own. `announce` is
  // told what the host has of it, before it has it where that can be.
  static Result<ContainerNetwork> Open(const UniqueFd& init_pidfd, pid_t init_pid,
                                       HostTraces::Announce announce);

  // Makes all interfaces, and the loopback interface usable. What was made before a failure is
  // there until Remove().
  Status SetUp(const NetworkPlan& plan);

  struct Interface {
    InterfacePlan plan;
    MadeInterface made;
  };
  // Those that were made, in the order in which they were made.
  const std::vector<Interface>& interfaces() const { return interfaces_; }

  // Removes everything that SetUp() made, on the host and in the container, which may have ended.
  // Goes on after a failure, and returns the first.
  Status Remove();

 private:
  explicit ContainerNetwork(Networks networks) : networks_(std::move(networks)) {}

  Result<InterfaceRequest> Prepare(const InterfacePlan& plan, const std::set<std::string>& taken);
  Status Make(const InterfaceRequest& request, MadeInterface& made);
  Status SetUpOnHost(const InterfaceRequest& request, const MadeInterface& made,
                     const std::vector<DefaultRoute>& routes);
  Status AddProxies(const InterfaceRequest& request);
  Status SetUpOne(const InterfaceRequest& request);
  Status RemoveInside(const Interface& interface);
  Status RemoveTrace(const HostTrace& trace);

  Networks networks_;
  std::vector<Interface> interfaces_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_NETWORK_CONTAINER_NETWORK_H_
