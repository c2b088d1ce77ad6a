// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/devpts_fd.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <cerrno>

namespace lxcspec::runtime {

Result<UniqueFd> DevptsFdForClient(const UniqueFd& devpts) {
  if (!devpts.valid()) return Failure(EBADF, "the container has no devpts of its own");
  struct statfs about {};
  if (fstatfs(devpts.get(), &about) != 0) return ErrnoFailure("fstatfs(devpts)");
  if (about.f_type != DEVPTS_SUPER_MAGIC) return Failure(EBADF, "a devpts that is none");
  UniqueFd copy(fcntl(devpts.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return ErrnoFailure("fcntl(F_DUPFD_CLOEXEC)");
  return copy;
}

}  // namespace lxcspec::runtime
