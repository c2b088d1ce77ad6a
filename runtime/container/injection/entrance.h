// SPDX-License-Identifier: Apache-2.0
//
// The way into a container's mounts, and what is done there with a mount.

#ifndef LXCSPEC_RUNTIME_CONTAINER_INJECTION_ENTRANCE_H_
#define LXCSPEC_RUNTIME_CONTAINER_INJECTION_ENTRANCE_H_

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/extensions/mount_injection.h"
#include "runtime/kernel/namespaces.h"

namespace lxcspec::runtime {

// Where a private mount namespace has room for a mount that is being made: a folder that every
// machine with a /proc has, and that nobody needs in there.
inline constexpr char kWorkbench[] = "/proc/sys";

// How long it may take to find a target in a container, which can make it take for ever: by a file
// system that it answers for itself.
inline constexpr std::chrono::seconds kContainersTime(5);

class Entrance {
 public:
  // EINVAL where the container shares the caller's mounts, so that there is no inside.
  static Result<Entrance> Open(const UniqueFd& init_pidfd, pid_t init_pid);

  // Whether the container's root is another user than the host's.
  bool HasUsers() const;

  // These change the calling process, which has one thread, for good.
  // The root of the container's user namespace, where it has one.
  Status BecomeRoot() const;
  Status EnterMounts() const;

 private:
  Entrance(ProcessNamespaces users, ProcessNamespaces mounts);

  ProcessNamespaces users_;
  ProcessNamespaces mounts_;
};

// A mount point, or what stands for one, below an open folder: empty and new.
Status MakePoint(int folder, const std::string& name, bool is_folder);

// In the container: puts the mount over its target with `attach`, and gives it the propagation
// that is asked for. `descriptors` is of OpenDescriptorFolder(), before the container was entered.
Status AttachInside(int mount, bool is_folder, const InjectedMount& request,
                    const UniqueFd& descriptors, const std::function<Status(int target)>& attach);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_INJECTION_ENTRANCE_H_
