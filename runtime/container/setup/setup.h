// SPDX-License-Identifier: Apache-2.0
//
// The stages of a start that make a container out of a cloned process, in the order in which the
// lifecycle calls them:
//
//   monitor  PrepareInit           id maps, resource limits, lxc.proc.*, the console's owner
//   init     RunMounts             ends with the container's root as /
//   init     RunEnvironment        ends with the start hooks
//   init     DropPrivileges        groups, ids, capabilities
//   init     Execute               the seccomp filter last, and before DropPrivileges where that
//                                  takes the right to load one
//
// init is single-threaded, in its cgroups and in its namespaces, its cgroup namespace included.

#ifndef LXCSPEC_RUNTIME_CONTAINER_SETUP_SETUP_H_
#define LXCSPEC_RUNTIME_CONTAINER_SETUP_SETUP_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/container/setup/plan.h"

namespace lxcspec::runtime {

// What init inherits from its monitor; it owns nothing of it.
struct ChildContext {
  // The container's side of the console's pty, opened through the host's /dev/pts; -1: no console.
  // RunMounts() puts the same terminal there anew, as /dev/console of the container.
  int console_peer = -1;
  // The console is a pty of the container's own devpts instead, which an ordinary user needs: a
  // terminal of the host cannot be given to the container's root. Then console_peer is any open
  // descriptor, which is replaced, and the monitor gets the master with the other descriptors.
  bool console_in_container = false;
  // A SOCK_SEQPACKET socket to the monitor, which calls ReceiveChildDescriptors() on the other
  // end; -1: nobody wants them.
  int socket = -1;
  // A SOCK_SEQPACKET socket to the monitor, which calls AnswerIdMapping() on the other end; null
  // where nothing is to be mapped.
  const UniqueFd* id_mapper = nullptr;
  // Gets each line that a hook prints, behind the hook's type.
  std::function<void(std::string_view)> hook_output;
};

// A tty of the container: a pty of its own devpts instance.
struct ChildTty {
  UniqueFd master;
  // Held so that the master sees no hang-up while nobody in the container has it open.
  UniqueFd peer;
  // Its number in /dev/pts.
  int number = -1;
};

struct ChildDescriptors {
  // The devpts instance, O_PATH; invalid where lxc.pty.max is 0.
  UniqueFd devpts;
  // lxc.tty.max of them.
  std::vector<ChildTty> ttys;
  // With ChildContext::console_in_container; else its descriptors are not valid.
  ChildTty console;
};

// In the monitor, while init waits, after its user namespace was made. Also gives the console to
// the container's root.
Status PrepareInit(const SetupPlan& plan, const ChildContext& context, pid_t init);

// In init, as root of its user namespace. Sends what ReceiveChildDescriptors() waits for.
Status RunMounts(const SetupPlan& plan, const ChildContext& context);

// In the monitor: waits until RunMounts() sent everything. ECONNRESET where init ended before.
Result<ChildDescriptors> ReceiveChildDescriptors(int socket);

// In init, after RunMounts().
Status RunEnvironment(const SetupPlan& plan, const ChildContext& context);

// In init, with descriptors 0 to 2 in place: terminals among
// them become the user's that init runs as.
Status DropPrivileges(const SetupPlan& plan);

// In init. Every descriptor but 0 to 2 is closed. What is given runs last, right before the
// command. Returns only on failure.
Status Execute(const SetupPlan& plan, const std::function<Status()>& last = {});

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_SETUP_SETUP_H_
