// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/injection/entrance.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "runtime/extensions/mount_injection_file.h"
#include "runtime/kernel/credentials.h"
#include "runtime/kernel/mount.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

constexpr mode_t kPrivate = 0700;

}  // namespace

Entrance::Entrance(ProcessNamespaces users, ProcessNamespaces mounts)
    : users_(std::move(users)), mounts_(std::move(mounts)) {}

Result<Entrance> Entrance::Open(const UniqueFd& init_pidfd, pid_t init_pid) {
  auto users = ProcessNamespaces::Open(init_pidfd, init_pid, CLONE_NEWUSER);
  if (!users) return Forward(std::move(users).error());
  auto mounts = ProcessNamespaces::Open(init_pidfd, init_pid, CLONE_NEWNS);
  if (!mounts) return Forward(std::move(mounts).error());
  if (!mounts->Has(CLONE_NEWNS)) return Failure(EINVAL, "the container has the caller's mounts");
  return Entrance(*std::move(users), *std::move(mounts));
}

bool Entrance::HasUsers() const { return users_.Has(CLONE_NEWUSER); }

Status Entrance::BecomeRoot() const {
  if (!HasUsers()) return {};
  TRY(users_.Enter());
  return BecomeUser(0, 0, {});
}

Status Entrance::EnterMounts() const { return mounts_.Enter(); }

Status MakePoint(int folder, const std::string& name, bool is_folder) {
  const int made = is_folder ? mkdirat(folder, name.c_str(), kPrivate)
                             : mknodat(folder, name.c_str(), S_IFREG, 0);
  if (made != 0) return ErrnoFailure(fmt::format("make the mount point {}", name));
  return {};
}

Status AttachInside(int mount, bool is_folder, const InjectedMount& request,
                    const UniqueFd& descriptors, const std::function<Status(int target)>& attach) {
  const auto root = Open("/", O_PATH | O_DIRECTORY);
  if (!root) return Forward(root.error());
  const auto target = is_folder ? FolderForInjection(root->get(), request.target)
                                : FileForInjection(root->get(), request.target);
  if (!target) return Forward(target.error());
  TRY(attach(target->get()));
  if (request.Propagation() == 0) return {};
  // Not before: a mount becomes shared by being attached to one that is.
  if (fchdir(descriptors.get()) != 0) return ErrnoFailure("fchdir(/proc/self/fd)");
  const std::string path = std::to_string(mount);
  // mount_injection.propagation
  Status done = SetPropagation(path, request.Propagation() | (request.flags & MS_REC));
  if (!done) umount2(path.c_str(), MNT_DETACH);
  return done;
}

}  // namespace lxcspec::runtime
