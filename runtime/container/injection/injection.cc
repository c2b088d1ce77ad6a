// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/injection/injection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "runtime/container/injection/entrance.h"
#include "runtime/container/storage/child.h"
#include "runtime/extensions/claims.h"
#include "runtime/extensions/mount_injection_file.h"
#include "runtime/kernel/mount.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

constexpr char kPoint[] = "m";

// Attaches the mount below the working folder, in a mount namespace that nobody else sees.
Status PutOnWorkbench(int mount, bool is_folder) {
  TRY(EnterPrivateMounts());
  const auto bench = NewMount({.type = "tmpfs", .source = "none", .flags = 0, .data = "mode=0755"});
  if (!bench) return Forward(bench.error());
  const auto folder = Open(kWorkbench, O_PATH | O_DIRECTORY);
  if (!folder) return Forward(folder.error());
  TRY(AttachMount(bench->get(), folder->get()));
  TRY(MakePoint(bench->get(), kPoint, is_folder));
  const UniqueFd point(openat(bench->get(), kPoint, O_PATH | O_CLOEXEC));
  if (!point.valid()) return ErrnoFailure("open a mount point");
  TRY(AttachMount(mount, point.get()));
  if (fchdir(bench->get()) != 0) return ErrnoFailure("fchdir()");
  return {};
}

// Puts what is on the workbench into its place. In a process that may not come back from the
// container.
Status Place(const Entrance& entrance, const InjectedMount& request, bool is_folder) {
  const auto descriptors = OpenDescriptorFolder();
  if (!descriptors) return Forward(descriptors.error());
  TRY(entrance.BecomeRoot());
  // mount_injection.user_namespace_keeps_flags: a copy in a less privileged namespace has them
  // locked. The working folder is that of the copy.
  if (entrance.HasUsers() && unshare(CLONE_NEWNS) != 0) {
    return ErrnoFailure("unshare(CLONE_NEWNS) in the container's user namespace");
  }
  const auto mount = CloneTree(AT_FDCWD, kPoint, request.IsRecursive());
  if (!mount) return Forward(mount.error());
  TRY(entrance.EnterMounts());
  return AttachInside(mount->get(), is_folder, request, *descriptors,
                      [&](int target) { return AttachMount(mount->get(), target); });
}

// In a process of its own.
Status Inject(const Entrance& entrance, const InjectedMount& request) {
  const auto made = MakeInjection(request);
  if (!made) return Forward(made.error());
  const auto is_folder = IsFolder(made->get());
  if (!is_folder) return Forward(is_folder.error());
  if (!*is_folder && !IsSwitchedOn("mount_injection_file")) {
    return Failure(EOPNOTSUPP, fmt::format("mount of {}, which is no folder", request.source));
  }
  TRY(PutOnWorkbench(made->get(), *is_folder));
  TRY(RestrictInjection(made->get(), request));
  return RunInChildWithin(kContainersTime, [&] { return Place(entrance, request, *is_folder); });
}

}  // namespace

Status InjectMount(const UniqueFd& init_pidfd, pid_t init_pid, const InjectedMount& request,
                   const std::function<Result<ExchangeFolder>()>& exchange) {
  TRY(CheckInjection(request));
  const auto entrance = Entrance::Open(init_pidfd, init_pid);
  if (!entrance) return Forward(entrance.error());
  // mount_injection.no_shared_folder
  if (HasMountsByDescriptor()) {
    return RunInChild({}, [&] { return Inject(*entrance, request); });
  }
  // mount_injection.without_new_calls
  const auto folder = exchange();
  if (!folder) return Forward(folder.error());
  return InjectThroughExchange(*entrance, *folder, request);
}

Status RemoveMount(const UniqueFd& init_pidfd, pid_t init_pid, const std::string& target,
                   unsigned long flags) {
  TRY(CheckInjectionTarget(target));
  if (flags > INT_MAX) return Failure(EINVAL, fmt::format("umount with flags {:#x}", flags));
  const auto entrance = Entrance::Open(init_pidfd, init_pid);
  if (!entrance) return Forward(entrance.error());
  const auto unmount = [&]() -> Status {
    TRY(entrance->BecomeRoot());
    TRY(entrance->EnterMounts());
    // The root folder is the container's, and its namespace has its mounts alone, so that no path
    // leads to one of the host's.
    if (umount2(target.c_str(), static_cast<int>(flags)) != 0) {
      return ErrnoFailure(fmt::format("umount {} in the container", target));
    }
    return {};
  };
  // The process that may be left behind is not the caller's child.
  return RunInChild({}, [&] { return RunInChildWithin(kContainersTime, unmount); });
}

}  // namespace lxcspec::runtime
