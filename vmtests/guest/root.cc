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

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "conformance/posix/unique_fd.h"
#include "vmtests/guest/job.h"

namespace lxcspec::guest {
namespace {

namespace fs = std::filesystem;

constexpr char kNewRoot[] = "/newroot";

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
  constexpr unsigned long kSafe = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  RETURN_IF_ERROR(Mount("proc", "/proc", kSafe, ""));
  RETURN_IF_ERROR(Mount("sysfs", "/sys", kSafe, ""));
  RETURN_IF_ERROR(Mount("devtmpfs", "/dev", MS_NOSUID, "mode=0755"));
  RETURN_IF_ERROR(
      Mount("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=0620,ptmxmode=0666"));
  RETURN_IF_ERROR(Mount("tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777"));
  RETURN_IF_ERROR(Mount("mqueue", "/dev/mqueue", kSafe, ""));
  RETURN_IF_ERROR(Mount("cgroup2", "/sys/fs/cgroup", kSafe, "nsdelegate"));
  for (const auto& [link, target] :
       {std::pair{"/dev/fd", "/proc/self/fd"}, std::pair{"/dev/stdin", "/proc/self/fd/0"},
        std::pair{"/dev/stdout", "/proc/self/fd/1"}, std::pair{"/dev/stderr", "/proc/self/fd/2"}}) {
    if (symlink(target, link) != 0 && errno != EEXIST) {
      return FailErrno(std::string("symlink(") + link + ")");
    }
  }
  return EnableControllers();
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
