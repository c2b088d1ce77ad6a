// SPDX-License-Identifier: Apache-2.0
//
// A further process in a running container: lxc-attach(1), attach_options.h of the public API.
//
//   caller ── fork ──> guide (enters cgroups and namespaces) ── clone(CLONE_PARENT) ──> attached
//
// The attached process is a child of the caller, which waits for it.

#ifndef LXCSPEC_RUNTIME_CONTAINER_ATTACH_ATTACH_H_
#define LXCSPEC_RUNTIME_CONTAINER_ATTACH_ATTACH_H_

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/config/config.h"
#include "runtime/container/seccomp/attach_filter.h"

namespace lxcspec::runtime {

// The container's first process.
struct AttachTarget {
  UniqueFd init_pidfd;
  pid_t init_pid = -1;
};

// When it takes the container's AppArmor and SELinux labels; never: it keeps the caller's.
enum class LabelTaking { kNever, kNextExec, kNow };

struct AttachRequest {
  // CLONE_NEW* of the namespaces to enter; nothing: all of the container's own.
  std::optional<uint64_t> namespaces;
  bool move_to_cgroup = true;
  bool drop_capabilities = true;
  bool set_personality = true;
  bool remount_proc_and_sys = false;
  bool no_new_privs = false;
  LabelTaking labels = LabelTaking::kNextExec;
  // A label instead of the container's.
  std::optional<std::string> label;
  // personality(2); nothing: as the container has it.
  std::optional<unsigned long> personality;
  // Fails where it is not there; without one the caller's, or / where the container has no such.
  std::optional<std::string> working_folder;
  // Nothing: 0 where the container has it, else as the caller.
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  std::optional<std::vector<gid_t>> groups;
  bool keep_environment = true;
  // NAME=value.
  std::vector<std::string> extra_variables;
  // Names to keep where the environment is not kept.
  std::vector<std::string> kept_variables;
  // What become descriptors 0, 1 and 2. The caller keeps its own.
  std::array<int, 3> standard = {0, 1, 2};
  // The controlling terminal, and in the place of those of `standard` that are terminals; -1: none.
  int terminal = -1;
  // Runs in the attached process, whose exit status it returns.
  std::function<int()> function;
  // The seccomp filter that it gets.
  AttachFilter filter;
  // Where calls wait for an answer: takes the filter's listener, in the caller. The attached
  // process ends where that fails.
  std::function<Status(UniqueFd)> take_listener;
};

// Returns the attached process, already on its way into `function`: waitpid(2) has its status.
// The error of what failed before that, with nothing left running.
Result<pid_t> Attach(const AttachTarget& target, const Config& config,
                     const AttachRequest& request);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_ATTACH_ATTACH_H_
