// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/mount.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/text.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

constexpr unsigned long kAtimeFlags = MS_NOATIME | MS_RELATIME | MS_STRICTATIME;

uint64_t MountAttributes(unsigned long flags) {
  uint64_t attributes = 0;
  if ((flags & MS_RDONLY) != 0) attributes |= MOUNT_ATTR_RDONLY;
  if ((flags & MS_NOSUID) != 0) attributes |= MOUNT_ATTR_NOSUID;
  if ((flags & MS_NODEV) != 0) attributes |= MOUNT_ATTR_NODEV;
  if ((flags & MS_NOEXEC) != 0) attributes |= MOUNT_ATTR_NOEXEC;
  if ((flags & MS_NODIRATIME) != 0) attributes |= MOUNT_ATTR_NODIRATIME;
  if ((flags & MS_NOATIME) != 0) {
    attributes |= MOUNT_ATTR_NOATIME;
  } else if ((flags & MS_STRICTATIME) != 0) {
    attributes |= MOUNT_ATTR_STRICTATIME;
  }
  return attributes;
}

// What the kernel wrote about the last failure on a file system's descriptor, as one line.
std::string FilesystemMessages(int fs) {
  std::string text;
  std::array<char, 512> message;
  while (true) {
    const ssize_t count = read(fs, message.data(), message.size());
    if (count <= 0) return text;
    // The first two characters are its severity.
    std::string_view line(message.data(), static_cast<size_t>(count));
    if (line.size() > 2) line.remove_prefix(2);
    text += fmt::format(" ({})", Trim(line));
  }
}

// The options of a file system: `key`, `key=value`.
std::vector<std::string> SplitData(std::string_view data) {
  std::vector<std::string> options;
  std::string option;
  for (size_t i = 0; i < data.size(); ++i) {
    if (data[i] == '\\' && i + 1 < data.size() && data[i + 1] == ',') {
      option += data[++i];
    } else if (data[i] == ',') {
      if (!option.empty()) options.push_back(std::exchange(option, {}));
    } else {
      option += data[i];
    }
  }
  if (!option.empty()) options.push_back(option);
  return options;
}

class Filesystem {
 public:
  explicit Filesystem(const FilesystemRequest& request) : request_(request) {}

  Result<UniqueFd> Mount() {
    // fuse.sshfs is fuse, and says what is behind it.
    const size_t dot = request_.type.find('.');
    fs_ = UniqueFd(fsopen(request_.type.substr(0, dot).c_str(), FSOPEN_CLOEXEC));
    if (!fs_.valid()) return Failed("fsopen");
    if (dot != request_.type.npos) TRY(Set("subtype", request_.type.substr(dot + 1)));
    if (!request_.source.empty()) TRY(Set("source", request_.source));
    TRY(SetFlags());
    for (const std::string& option : SplitData(request_.data)) {
      const size_t equals = option.find('=');
      TRY(equals == option.npos ? Set(option)
                                : Set(option.substr(0, equals), option.substr(equals + 1)));
    }
    if (fsconfig(fs_.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return Failed("create");
    UniqueFd mount(fsmount(fs_.get(), FSMOUNT_CLOEXEC,
                           static_cast<unsigned>(MountAttributes(request_.flags))));
    if (!mount.valid()) return Failed("fsmount");
    return mount;
  }

 private:
  tl::unexpected<Error> Failed(std::string_view step) const {
    const int code = errno;
    return Failure(code, fmt::format("mount {} of type {}: {}{}", request_.source, request_.type,
                                     step, fs_.valid() ? FilesystemMessages(fs_.get()) : ""));
  }

  Status Set(const std::string& key) {
    if (fsconfig(fs_.get(), FSCONFIG_SET_FLAG, key.c_str(), nullptr, 0) != 0) return Failed(key);
    return {};
  }

  Status Set(const std::string& key, const std::string& value) {
    if (fsconfig(fs_.get(), FSCONFIG_SET_STRING, key.c_str(), value.c_str(), 0) != 0) {
      return Failed(fmt::format("{}={}", key, value));
    }
    return {};
  }

  Status SetFlags() {
    constexpr std::array<std::pair<unsigned long, const char*>, 5> kSuperblock = {
        {{MS_RDONLY, "ro"},
         {MS_SYNCHRONOUS, "sync"},
         {MS_DIRSYNC, "dirsync"},
         {MS_LAZYTIME, "lazytime"},
         {MS_MANDLOCK, "mand"}}};
    for (const auto& [flag, name] : kSuperblock) {
      if ((request_.flags & flag) != 0) TRY(Set(name));
    }
    return {};
  }

  const FilesystemRequest& request_;
  UniqueFd fs_;
};

unsigned long FlagsOfStatvfs(unsigned long flags) {
  unsigned long result = 0;
  if ((flags & ST_RDONLY) != 0) result |= MS_RDONLY;
  if ((flags & ST_NOSUID) != 0) result |= MS_NOSUID;
  if ((flags & ST_NODEV) != 0) result |= MS_NODEV;
  if ((flags & ST_NOEXEC) != 0) result |= MS_NOEXEC;
  if ((flags & ST_NODIRATIME) != 0) result |= MS_NODIRATIME;
  if ((flags & ST_NOATIME) != 0) result |= MS_NOATIME;
  if ((flags & ST_RELATIME) != 0) result |= MS_RELATIME;
  return result;
}

// Without mount_setattr(2), which came with Linux 5.12: for one mount, by path.
Status RemountWithFlags(const std::string& path, unsigned long flags) {
  struct statvfs present = {};
  if (statvfs(path.c_str(), &present) != 0) return ErrnoFailure(fmt::format("statvfs({})", path));
  unsigned long kept = FlagsOfStatvfs(present.f_flag);
  if ((flags & kAtimeFlags) != 0) kept &= ~kAtimeFlags;
  const unsigned long wanted = MS_REMOUNT | MS_BIND | kept | (flags & ~MS_REC);
  if (mount(nullptr, path.c_str(), nullptr, wanted, nullptr) != 0) {
    return ErrnoFailure(fmt::format("remount {} with flags {:#x}", path, flags));
  }
  return {};
}

Result<std::string> MountIdOf(int mount) {
  auto info = ReadWhole(fmt::format("/proc/self/fdinfo/{}", mount));
  if (!info) return info;
  constexpr std::string_view kField = "mnt_id:";
  const size_t at = info->find(kField);
  if (at == info->npos) return Failure(EINVAL, "no mnt_id in /proc/self/fdinfo");
  const size_t end = info->find('\n', at);
  return std::string(Trim(info->substr(at + kField.size(), end - at - kField.size())));
}

// Where the mounts below one are, parents first.
Result<std::vector<std::string>> MountPointsBelow(int mount) {
  auto top = MountIdOf(mount);
  if (!top) return Forward(std::move(top).error());
  auto table = ReadWhole("/proc/self/mountinfo");
  if (!table) return Forward(std::move(table).error());
  std::vector<std::string> ids = {*top};
  std::vector<std::string> points;
  // A child can stand before its parent, so look again until nothing is new.
  for (bool found = true; found;) {
    found = false;
    std::istringstream lines(*table);
    for (std::string line; std::getline(lines, line);) {
      const std::vector<std::string> fields = Words(line, " ");
      if (fields.size() < 5) continue;
      const auto has = [&](const std::string& id) {
        return std::find(ids.begin(), ids.end(), id) != ids.end();
      };
      if (has(fields[0]) || !has(fields[1])) continue;
      ids.push_back(fields[0]);
      points.push_back(UnescapeOctal(fields[4]));
      found = true;
    }
  }
  return points;
}

Status AddMountFlagsByPath(int mount, unsigned long flags, bool recursive) {
  TRY(RemountWithFlags(DescriptorPath(mount), flags));
  if (!recursive) return {};
  const auto below = MountPointsBelow(mount);
  if (!below) return Forward(below.error());
  for (const std::string& point : *below) TRY(RemountWithFlags(point, flags));
  return {};
}

}  // namespace

Result<UniqueFd> NewMount(const FilesystemRequest& request) { return Filesystem(request).Mount(); }

Result<UniqueFd> CloneTree(int folder, const std::string& path, bool recursive) {
  unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
  if (recursive) flags |= AT_RECURSIVE;
  if (path.empty()) flags |= AT_EMPTY_PATH;
  UniqueFd tree(open_tree(folder, path.c_str(), flags));
  if (!tree.valid()) return ErrnoFailure(fmt::format("open_tree({})", path));
  return tree;
}

Status AttachMount(int mount, int target) {
  if (move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0) {
    return ErrnoFailure("move_mount");
  }
  return {};
}

Status AddMountFlags(int mount, unsigned long flags, bool recursive) {
  mount_attr attributes = {};
  attributes.attr_set = MountAttributes(flags);
  if ((flags & kAtimeFlags) != 0) attributes.attr_clr = MOUNT_ATTR__ATIME;
  if (attributes.attr_set == 0 && attributes.attr_clr == 0) return {};
  const unsigned how = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
  if (mount_setattr(mount, "", how, &attributes, sizeof attributes) == 0) return {};
  if (errno != ENOSYS) return ErrnoFailure(fmt::format("mount_setattr(flags {:#x})", flags));
  return AddMountFlagsByPath(mount, flags, recursive);
}

Status SetPropagation(int mount_fd, unsigned long propagation) {
  return SetPropagation(DescriptorPath(mount_fd), propagation);
}

Status SetPropagation(const std::string& path, unsigned long propagation) {
  if (mount(nullptr, path.c_str(), nullptr, propagation, nullptr) != 0) {
    return ErrnoFailure(fmt::format("set propagation {:#x}", propagation));
  }
  return {};
}

bool HasMountsByDescriptor() {
  // EPERM is what some filters answer for calls that they do not know; without a mount to copy
  // the kernel asks for no right.
  const bool opens = open_tree(-1, "", 0) >= 0 || (errno != ENOSYS && errno != EPERM);
  return opens && (move_mount(-1, "", -1, "", 0) == 0 || errno != ENOSYS);
}

Status EnterPrivateMounts() {
  if (unshare(CLONE_NEWNS) != 0) return ErrnoFailure("unshare(CLONE_NEWNS)");
  return SetPropagation("/", MS_SLAVE | MS_REC);
}

Status Remount(int mount_fd, unsigned long flags, const std::string& data) {
  const std::string path = DescriptorPath(mount_fd);
  if (mount(nullptr, path.c_str(), nullptr, flags | MS_REMOUNT, data.c_str()) != 0) {
    return ErrnoFailure(fmt::format("remount with flags {:#x} and \"{}\"", flags, data));
  }
  return {};
}

Status PivotRoot(int new_root) {
  auto old_root = Open("/", O_PATH | O_DIRECTORY);
  if (!old_root) return Forward(std::move(old_root).error());
  if (fchdir(new_root) != 0) return ErrnoFailure("fchdir(new root)");
  // Both the same: the old root lies over the new one, until it is taken away.
  if (syscall(SYS_pivot_root, ".", ".") != 0) return ErrnoFailure("pivot_root");
  if (fchdir(old_root->get()) != 0) return ErrnoFailure("fchdir(old root)");
  // Nothing of this reaches the namespace that the old mounts were copied from.
  if (mount(nullptr, ".", nullptr, MS_SLAVE | MS_REC, nullptr) != 0) {
    return ErrnoFailure("make the old root a slave");
  }
  if (umount2(".", MNT_DETACH) != 0) return ErrnoFailure("detach the old root");
  if (fchdir(new_root) != 0) return ErrnoFailure("fchdir(new root)");
  return {};
}

}  // namespace lxcspec::runtime
