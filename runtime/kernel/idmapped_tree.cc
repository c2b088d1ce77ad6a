// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/idmapped_tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <sstream>
#include <vector>

#include "runtime/base/text.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {

bool HasIdMappedMounts() {
  mount_attr none{};
  return syscall(SYS_mount_setattr, -1, "", AT_EMPTY_PATH, &none, sizeof none) == 0 ||
         errno != ENOSYS;
}

namespace {

Result<UniqueFd> OpenUserNamespace(const std::string& path) {
  // Whatever else is there is not to be waited for.
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd.valid()) return ErrnoFailure(fmt::format("open({})", path));
  if (ioctl(fd.get(), NS_GET_NSTYPE) != CLONE_NEWUSER) {
    return Failure(EINVAL, fmt::format("{}: no user namespace", path));
  }
  return fd;
}

}  // namespace

Status CheckIdMapSource(const std::string& source, bool has_own) {
  if (source == kOwnMap) {
    if (has_own) return {};
    return Failure(EINVAL, "idmap=container, and no user namespace: lxc.idmap is not set");
  }
  const auto opened = OpenUserNamespace(source);
  if (opened) return {};
  return Failure(opened.error().code, fmt::format("idmap: {}", opened.error().attempted));
}

Result<UniqueFd> OpenIdMapSource(const std::string& source, pid_t process) {
  return OpenUserNamespace(source == kOwnMap ? fmt::format("/proc/{}/ns/user", process) : source);
}

namespace {

Status TryToMap(int tree, int user_namespace, bool recursive) {
  mount_attr attributes{.attr_set = MOUNT_ATTR_IDMAP,
                        .userns_fd = static_cast<uint64_t>(user_namespace)};
  const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
  if (syscall(SYS_mount_setattr, tree, "", flags, &attributes, sizeof attributes) == 0) return {};
  return ErrnoFailure(fmt::format("mount_setattr(MOUNT_ATTR_IDMAP, flags {:#x})", flags));
}

// A mount that is attached nowhere stands in no table, but others of its file system may.
std::string FileSystemOf(int tree) {
  constexpr size_t kDevice = 2;
  struct stat found = {};
  const auto table = ReadWhole("/proc/self/mountinfo");
  if (fstat(tree, &found) != 0 || !table) return "this file system";
  const std::string device = fmt::format("{}:{}", major(found.st_dev), minor(found.st_dev));
  std::istringstream lines(*table);
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> fields = Words(line, " ");
    const size_t type = line.find(" - ");
    if (fields.size() <= kDevice || fields[kDevice] != device || type == line.npos) continue;
    return Words(line.substr(type), " ").at(1);
  }
  return "this file system";
}

}  // namespace

Status MapTree(int tree, int user_namespace, bool recursive) {
  Status mapped = TryToMap(tree, user_namespace, recursive);
  if (mapped) return {};
  constexpr char kOwners[] = "without idmap, give the files to the ids that lxc.idmap maps to";
  const auto& [code, attempted] = mapped.error();
  switch (code) {
    case ENOSYS:
      return Failure(code,
                     fmt::format("{}: this kernel has no id-mapped mounts, Linux 5.12 has; {}",
                                 attempted, kOwners));
    case EINVAL: {
      const bool is_below = recursive && TryToMap(tree, user_namespace, false);
      return Failure(
          code, fmt::format("{}: {} cannot be id-mapped on this kernel; take another "
                            "one, such as ext4, or, {}",
                            attempted,
                            is_below ? "a file system that is mounted below" : FileSystemOf(tree),
                            kOwners));
    }
    default:
      return mapped;
  }
}

}  // namespace lxcspec::runtime
