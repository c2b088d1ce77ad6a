// SPDX-License-Identifier: Apache-2.0
//
// What the cloned process does until it is the container's init, and how it tells its monitor.

#ifndef LXCSPEC_RUNTIME_CONTAINER_INIT_H_
#define LXCSPEC_RUNTIME_CONTAINER_INIT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/container/setup/plan.h"

namespace lxcspec::runtime {

// What goes over the socket between monitor and init, beside RunMounts()'s descriptors: init waits
// for one before it begins, and asks for another before the command is its own.
inline constexpr char kGo = 'G';
inline constexpr char kReady = 'R';

struct InitContext {
  // SOCK_SEQPACKET, to the monitor.
  UniqueFd socket;
  // Close-on-exec: its end says that the command runs.
  UniqueFd report;
  // The container's side of the console; -1: it has none.
  int console_peer = -1;
  // As ChildContext::console_in_container has it.
  bool console_in_container = false;
  // Keep this process's descriptors 0 to 2: all of them where it has none, else those that are no
  // terminals.
  bool inherit_stdio = false;
  // The command is no init, and is run by one.
  bool is_application = false;
  // Where ordinary users have no business in this process's memory: BecomeReaper().
  bool hide_memory = false;
  // Where mounts are to be id-mapped: SOCK_SEQPACKET, as ChildContext::id_mapper has it.
  UniqueFd id_mapper;
  // Before all else: a "0" in each brings this process into a cgroup.
  std::vector<UniqueFd> cgroups;
  // Makes a cgroup namespace, now that the process is in its cgroups.
  bool unshare_cgroup = false;
  // The signal that it gets at its monitor's end.
  int death_signal = 0;
  // Last in place before exec: the seccomp filter. Where the right to load one is given up with the
  // other privileges, before that.
  std::function<Status()> restrict_calls;
  // Close-on-exec: gets what hooks print, a line each.
  UniqueFd log;
};

// Never returns.
[[noreturn]] void RunInit(const SetupPlan& plan, InitContext context);

// How a cloned process's way to its command ended.
struct InitReport {
  // Whether the command runs.
  bool executed = false;
  // Else: the stage that failed, and why. Without a stage the process was killed.
  std::string stage;
  Error error;
};

// What arrived at the monitor's end of the report pipe until it was closed.
InitReport ParseInitReport(const std::string& bytes);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_INIT_H_
