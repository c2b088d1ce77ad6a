// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/namespace_owner.h"

#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace lxcspec::runtime {
namespace {

bool IsSame(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

}  // namespace

Result<bool> HasRightsOver(const UniqueFd& space, uid_t user) {
  struct stat own {};
  if (stat("/proc/thread-self/ns/user", &own) != 0) return ErrnoFailure("stat(ns/user)");
  UniqueFd level(ioctl(space.get(), NS_GET_USERNS));
  // One that the caller cannot see is not below his own.
  if (!level.valid() && errno == EPERM) return false;
  if (!level.valid()) return ErrnoFailure("ioctl(NS_GET_USERNS)");
  while (true) {
    uid_t owner = 0;
    if (ioctl(level.get(), NS_GET_OWNER_UID, &owner) != 0) {
      return ErrnoFailure("ioctl(NS_GET_OWNER_UID)");
    }
    UniqueFd parent(ioctl(level.get(), NS_GET_PARENT));
    if (!parent.valid() && errno == EPERM) return false;
    if (!parent.valid()) return ErrnoFailure("ioctl(NS_GET_PARENT)");
    struct stat above {};
    if (fstat(parent.get(), &above) != 0) return ErrnoFailure("fstat(user namespace)");
    if (IsSame(above, own)) return owner == user;
    level = std::move(parent);
  }
}

}  // namespace lxcspec::runtime
