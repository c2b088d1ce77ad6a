// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/namespaces.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "runtime/kernel/clone.h"
#include "runtime/kernel/pidfd.h"

namespace lxcspec::runtime {
namespace {

bool IsSame(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

Result<ProcessNamespaces> ProcessNamespaces::Open(const UniqueFd& pidfd, pid_t process,
                                                  uint64_t kinds) {
  ProcessNamespaces found;
  for (const NamespaceKind& kind : NamespaceKinds()) {
    if ((kinds & kind.flag) == 0) continue;
    const std::string path = fmt::format("/proc/{}/ns/{}", process, kind.name);
    UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid()) {
      const int code = errno;
      if (HasEnded(pidfd)) return Failure(ESRCH, fmt::format("process {}", process));
      // A kernel without namespaces of a kind has none to enter.
      if (code == ENOENT) continue;
      return Failure(code, fmt::format("open({})", path));
    }
    struct stat theirs = {};
    struct stat ours = {};
    if (fstat(fd.get(), &theirs) != 0) return ErrnoFailure(fmt::format("stat({})", path));
    const std::string own = fmt::format("/proc/self/ns/{}", kind.name);
    if (stat(own.c_str(), &ours) != 0) return ErrnoFailure(fmt::format("stat({})", own));
    if (!IsSame(theirs, ours)) found.namespaces_.emplace_back(kind.flag, std::move(fd));
  }
  // Alive now, it was so all the time, and its number was nobody else's.
  if (HasEnded(pidfd)) return Failure(ESRCH, fmt::format("process {}", process));
  // With the rights of the user namespace the others can be entered.
  std::stable_partition(found.namespaces_.begin(), found.namespaces_.end(),
                        [](const auto& entry) { return entry.first == CLONE_NEWUSER; });
  return found;
}

bool ProcessNamespaces::Has(uint64_t kind) const {
  return std::any_of(namespaces_.begin(), namespaces_.end(),
                     [&](const auto& entry) { return entry.first == kind; });
}

Status ProcessNamespaces::Enter() const {
  for (const auto& [kind, fd] : namespaces_) {
    if (setns(fd.get(), static_cast<int>(kind)) != 0) {
      return ErrnoFailure(fmt::format("setns({:#x})", kind));
    }
  }
  return {};
}

}  // namespace lxcspec::runtime
