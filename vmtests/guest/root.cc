// SPDX-License-Identifier: Apache-2.0

#include "vmtests/guest/root.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "conformance/posix/unique_fd.h"
#include "vmtests/guest/job.h"

namespace lxcspec::guest {
namespace {

namespace fs = std::filesystem;

constexpr char kNewRoot[] = "/newroot";
constexpr unsigned long kSafe = MS_NOSUID | MS_NODEV | MS_NOEXEC;

Status MakeDirectory(const char* path, mode_t mode) {
  if (mkdir(path, mode) != 0 && errno != EEXIST) {
    return FailErrno(std::string("mkdir(") + path + ")");
  }
  return {};
}

Status Mount(const char* type, const char* target, unsigned long flags, const char* options) {
  RETURN_IF_ERROR(MakeDirectory(target, 0755));
  if (mount(type, target, type, flags, options) != 0) {
    return FailErrno(std::string("mount(") + type + ", " + target + ", " + options + ")");
  }
  return {};
}

Status MoveFile(const fs::path& from, const fs::path& to, const struct stat& info) {
  UniqueFd in(open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in) return FailErrno("open(" + from.string() + ")");
  UniqueFd out(open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, info.st_mode & 07777));
  if (!out) return FailErrno("open(" + to.string() + ", O_CREAT)");
  for (off_t left = info.st_size; left > 0;) {
    const ssize_t sent = sendfile(out.get(), in.get(), nullptr, static_cast<size_t>(left));
    if (sent <= 0) return FailErrno("sendfile(" + to.string() + ")");
    left -= sent;
  }
  // The initial rootfs lives as long as the guest: what stays there costs memory twice.
  if (unlink(from.c_str()) != 0) return FailErrno("unlink(" + from.string() + ")");
  return {};
}

Status MoveTree(const fs::path& from, const fs::path& to) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(from, error)) {
    const fs::path target = to / entry.path().filename();
    struct stat info = {};
    if (lstat(entry.path().c_str(), &info) != 0)
      return FailErrno("lstat(" + entry.path().string() + ")");
    if (S_ISREG(info.st_mode)) {
      RETURN_IF_ERROR(MoveFile(entry.path(), target, info));
    } else if (S_ISLNK(info.st_mode)) {
      fs::copy_symlink(entry.path(), target, error);
      if (error) return Fail(error.value(), "symlink(" + target.string() + ")");
    } else if (S_ISDIR(info.st_mode) && entry.path() != kNewRoot) {
      RETURN_IF_ERROR(MakeDirectory(target.c_str(), info.st_mode & 07777));
      // mkdir applies no sticky bit.
      if (chmod(target.c_str(), info.st_mode & 07777) != 0) {
        return FailErrno("chmod(" + target.string() + ")");
      }
      RETURN_IF_ERROR(MoveTree(entry.path(), target));
    }
  }
  if (error) return Fail(error.value(), "opendir(" + from.string() + ")");
  return {};
}

Status EnableControllers() {
  std::ifstream controllers("/sys/fs/cgroup/cgroup.controllers");
  for (std::string name; controllers >> name;) {
    std::ofstream control("/sys/fs/cgroup/cgroup.subtree_control");
    if (!(control << "+" << name << std::flush)) {
      return FailErrno("write(/sys/fs/cgroup/cgroup.subtree_control, +" + name + ")");
    }
  }
  return {};
}

constexpr char kMemoryHierarchy[] = "/sys/fs/cgroup/memory/memory.use_hierarchy";

// The controllers that the kernel has, in its own order.
std::vector<std::string> Controllers() {
  std::vector<std::string> names;
  std::ifstream table("/proc/cgroups");
  for (std::string line; std::getline(table, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    std::string name, hierarchy, groups, enabled;
    fields >> name >> hierarchy >> groups >> enabled;
    if (enabled == "1") names.push_back(name);
  }
  return names;
}

// Mounts every controller as a v1 hierarchy of its own, but for those that come in pairs.
Status MountControllers() {
  static constexpr std::array kPairs = {std::pair{"cpu", "cpuacct"},
                                        std::pair{"net_cls", "net_prio"}};
  const std::vector<std::string> names = Controllers();
  const auto has = [&names](const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  size_t mounted = 0;
  Status last;
  for (const std::string& name : names) {
    std::string together = name;
    bool second = false;
    for (const auto& [one, other] : kPairs) {
      if (!has(one) || !has(other)) continue;
      if (name == one) together = std::string(one) + "," + other;
      second = second || name == other;
    }
    if (second) continue;
    const std::string target = "/sys/fs/cgroup/" + together;
    // Later kernels are built without v1 of some: they refuse, and do without.
    last = Mount("cgroup", target.c_str(), kSafe, together.c_str());
    if (!last) {
      rmdir(target.c_str());
      continue;
    }
    ++mounted;
    const size_t comma = together.find(',');
    if (comma == std::string::npos) continue;
    for (const std::string& link : {together.substr(0, comma), together.substr(comma + 1)}) {
      if (symlink(together.c_str(), ("/sys/fs/cgroup/" + link).c_str()) != 0) {
        return FailErrno("symlink(" + link + ")");
      }
    }
  }
  // As systemd does: up to Linux 5.10 a limit of memory holds below its cgroup only with this.
  if (access(kMemoryHierarchy, W_OK) == 0) std::ofstream(kMemoryHierarchy) << "1\n";
  if (mounted == 0) {
    return last ? Fail(ENODEV, "mount(cgroup): the kernel has no controllers") : last;
  }
  return {};
}

}  // namespace

bool InInitialRootfs() {
  struct statfs root = {};
  if (statfs("/", &root) != 0) return false;
  const bool in_memory = root.f_type == RAMFS_MAGIC || root.f_type == TMPFS_MAGIC;
  return in_memory && access("/init", X_OK) == 0 && access(kJobPath, R_OK) == 0;
}

Status EnterRealRoot() {
  RETURN_IF_ERROR(Mount("tmpfs", kNewRoot, 0, "mode=0755,size=90%"));
  RETURN_IF_ERROR(MoveTree("/", kNewRoot));
  if (chdir(kNewRoot) != 0) return FailErrno("chdir(/newroot)");
  if (mount(".", "/", nullptr, MS_MOVE, nullptr) != 0) return FailErrno("mount(., /, MS_MOVE)");
  if (chroot(".") != 0) return FailErrno("chroot(.)");
  if (chdir("/") != 0) return FailErrno("chdir(/)");
  // As on a machine with systemd; what runs here must not rely on the kernel's private default.
  if (mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr) != 0) {
    return FailErrno("mount(/, MS_SHARED)");
  }
  return {};
}

Status MountSystem() {
  RETURN_IF_ERROR(Mount("proc", "/proc", kSafe, ""));
  RETURN_IF_ERROR(Mount("sysfs", "/sys", kSafe, ""));
  RETURN_IF_ERROR(Mount("devtmpfs", "/dev", MS_NOSUID, "mode=0755"));
  RETURN_IF_ERROR(
      Mount("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=0620,ptmxmode=0666"));
  RETURN_IF_ERROR(Mount("tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777"));
  RETURN_IF_ERROR(Mount("mqueue", "/dev/mqueue", kSafe, ""));
  for (const auto& [link, target] :
       {std::pair{"/dev/fd", "/proc/self/fd"}, std::pair{"/dev/stdin", "/proc/self/fd/0"},
        std::pair{"/dev/stdout", "/proc/self/fd/1"}, std::pair{"/dev/stderr", "/proc/self/fd/2"}}) {
    if (symlink(target, link) != 0 && errno != EEXIST) {
      return FailErrno(std::string("symlink(") + link + ")");
    }
  }
  return {};
}

Status MountCgroups(CgroupLayout layout) {
  if (layout == CgroupLayout::kUnified) {
    RETURN_IF_ERROR(Mount("cgroup2", "/sys/fs/cgroup", kSafe, "nsdelegate"));
    return EnableControllers();
  }
  RETURN_IF_ERROR(Mount("tmpfs", "/sys/fs/cgroup", kSafe, "mode=0755"));
  if (layout == CgroupLayout::kHybrid) {
    RETURN_IF_ERROR(Mount("cgroup2", "/sys/fs/cgroup/unified", kSafe, "nsdelegate"));
  }
  RETURN_IF_ERROR(Mount("cgroup", "/sys/fs/cgroup/systemd", kSafe, "none,name=systemd"));
  return MountControllers();
}

Status RaiseLoopback() {
  UniqueFd socket_fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket_fd) return FailErrno("socket(AF_INET)");
  ifreq request = {};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP;
  if (ioctl(socket_fd.get(), SIOCSIFFLAGS, &request) != 0)
    return FailErrno("ioctl(SIOCSIFFLAGS, lo)");
  return {};
}

}  // namespace lxcspec::guest
