// SPDX-License-Identifier: Apache-2.0
//
// The client's part of a start: refuse what can be refused by looking, fork the monitor, and wait
// for what it reports.

#ifndef LXCSPEC_RUNTIME_CONTAINER_START_H_
#define LXCSPEC_RUNTIME_CONTAINER_START_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/config/config.h"
#include "runtime/container/cgroups.h"
#include "runtime/container/command.h"
#include "runtime/container/namespaces.h"
#include "runtime/container/network/plan.h"
#include "runtime/container/seccomp/plan.h"
#include "runtime/container/setup/plan.h"

namespace lxcspec::runtime {

struct StartRequest {
  // Instead of lxc.init.cmd; empty: that.
  std::vector<std::string> command;
  // An application container: the command is not an init.
  bool application = false;
  // The monitor is a process of its own session, and start returns when the command runs. Else it
  // is the caller's child, and start returns when the container has ended.
  bool daemonize = true;
};

// Everything that the monitor needs to know.
struct StartPlan {
  Place place;
  Config config;
  std::string config_file;
  StartRequest request;
  NamespacePlan namespaces;
  CgroupPlacement cgroups;
  NetworkPlan network;
  SetupPlan setup;
  SeccompPlan seccomp;
};

// The stage `configuration`.
Result<StartPlan> PlanStart(const Place& place, const Config& config, const StartRequest& request);

// Starts it. Returns the status, as wait(2) has it, with which the container's init ended, nothing
// where that is not waited for. EBUSY where it runs already.
Result<std::optional<int>> StartContainer(StartPlan plan);

// What the monitor tells the client that started it, over a socket.
class StartReporter {
 public:
  explicit StartReporter(UniqueFd socket) : socket_(std::move(socket)) {}

  void Running() const;
  void Failed(const Error& error) const;
  // The init's status; only a client that waits for the end reads it.
  void Ended(int status) const;

  // Hangs up when the client is gone.
  const UniqueFd& socket() const { return socket_; }
  void Close() { socket_ = UniqueFd(); }

 private:
  UniqueFd socket_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_START_H_
