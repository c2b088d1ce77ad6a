// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/sandbox.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "conformance/launcher/directory.h"
#include "conformance/launcher/file_io.h"
#include "conformance/launcher/mount_table.h"
#include "conformance/launcher/mount_tree.h"
#include "conformance/launcher/private_dirs.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec::launcher {

const int kSandboxNamespaces =
    CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

namespace {

constexpr unsigned long kKernelFilesystem = MS_NOSUID | MS_NODEV | MS_NOEXEC;

Status MountAt(const std::string& place, const char* type, unsigned long flags,
               const std::string& options) {
  if (mount(type, place.c_str(), type, flags, options.c_str()) == 0) return {};
  return FailErrno("mount(" + std::string(type) + ", " + place + ", " + options + ")");
}

Status SetPropagation(unsigned long propagation, const char* name) {
  if (mount(nullptr, "/", nullptr, MS_REC | propagation, nullptr) == 0) return {};
  return FailErrno("mount(/, MS_REC | " + std::string(name) + ")");
}

struct Symlink {
  std::string path;
  std::string target;
};

// Distributions link `cpu` and `cpuacct` to `cpu,cpuacct`.
std::vector<Symlink> SymlinksIn(const std::string& directory) {
  std::vector<Symlink> links;
  for (const std::string& name : ListNames(directory)) {
    const std::string path = directory + "/" + name;
    char target[256];
    const ssize_t size = readlink(path.c_str(), target, sizeof(target));
    if (size > 0) links.push_back({path, std::string(target, static_cast<size_t>(size))});
  }
  return links;
}

// Mounts made in a new cgroup namespace show its root (cgroup_namespaces(7)), at the places the
// host has them.
Status MountCgroups(const CgroupLayout& layout, const std::vector<Symlink>& links) {
  constexpr std::string_view kPlace = "/sys/fs/cgroup";
  const auto is_inside = [&](const CgroupMount& mount) {
    return mount.mount_point != kPlace && IsWithin(mount.mount_point, kPlace);
  };
  bool directory_made = false;
  for (const CgroupMount& mount : layout.mounts) {
    if (mount.mount_point == kPlace) directory_made = true;
    if (is_inside(mount) && !directory_made) {
      RETURN_IF_ERROR(MountAt(std::string(kPlace), "tmpfs", kKernelFilesystem, "mode=0755"));
      directory_made = true;
    }
    if (is_inside(mount)) RETURN_IF_ERROR(MakeDirectories(mount.mount_point));
    RETURN_IF_ERROR(MountAt(mount.mount_point, mount.v2 ? "cgroup2" : "cgroup", kKernelFilesystem,
                            mount.options));
  }
  for (const Symlink& link : links) {
    if (symlink(link.target.c_str(), link.path.c_str()) != 0) {
      return FailErrno("symlink(" + link.path + ")");
    }
  }
  return {};
}

// sysfs shows the network devices of the namespace it was mounted in, so the host's will not do.
// What else is mounted below /sys (securityfs, bpffs, tracefs) belongs to no namespace and is put
// back.
Status MountSysfs(const CgroupLayout& layout) {
  ASSIGN_OR_RETURN(const std::vector<Mount> mounts, ReadMountInfo());
  std::vector<std::pair<UniqueFd, std::string>> others;
  for (const Mount& mount : mounts) {
    const std::string& place = mount.mount_point;
    if (place == "/sys" || !IsWithin(place, "/sys")) continue;
    if (IsWithin(place, "/sys/fs/cgroup") || !IsVisible(mount)) continue;
    auto tree = CloneMount(place);
    if (tree) others.emplace_back(*std::move(tree), place);
  }
  const std::vector<Symlink> links = SymlinksIn("/sys/fs/cgroup");
  RETURN_IF_ERROR(DetachMounts("/sys"));
  RETURN_IF_ERROR(MakeDirectory("/sys"));
  RETURN_IF_ERROR(MountAt("/sys", "sysfs", kKernelFilesystem, ""));
  for (const auto& [tree, place] : others) {
    // A file system on a directory of another one of these is put back after that one.
    (void)AttachMount(tree, place);
  }
  return MountCgroups(layout, links);
}

Status MountDevpts() {
  RETURN_IF_ERROR(MakeDirectory("/dev"));
  RETURN_IF_ERROR(DetachMounts("/dev/pts"));
  RETURN_IF_ERROR(MakeDirectory("/dev/pts"));
  // A new instance each time (devpts of Linux 4.7 and later); /dev/ptmx finds the one mounted
  // beside it.
  return MountAt("/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "ptmxmode=0666,mode=0620,gid=5");
}

Status MountProc() {
  RETURN_IF_ERROR(DetachMounts("/proc"));
  RETURN_IF_ERROR(MakeDirectory("/proc"));
  return MountAt("/proc", "proc", kKernelFilesystem, "");
}

// The queues that the kernel shows are those of the IPC namespace in which the file system was
// mounted.
Status MountMessageQueues() {
  if (!IsDirectory("/dev/mqueue")) return {};
  RETURN_IF_ERROR(DetachMounts("/dev/mqueue"));
  auto mounted = MountAt("/dev/mqueue", "mqueue", kKernelFilesystem, "");
  // A kernel without POSIX message queues.
  if (!mounted && mounted.error().code == ENODEV) return {};
  return mounted;
}

// A container without a root of its own has this one, and its init may clean up in it. What is not
// of the sandbox's making is therefore read-only, but for device nodes.
Status ProtectHost(const std::vector<Mount>& host_mounts) {
  for (const Mount& host : host_mounts) {
    const std::string& place = host.mount_point;
    if (IsWithin(place, "/proc") || IsWithin(place, "/sys") || IsWithin(place, "/dev")) continue;
    struct statvfs status {};
    if (!IsVisible(host) || statvfs(place.c_str(), &status) != 0) continue;
    // A remount sets every flag anew. These have the same numbers in statvfs(3) and mount(2).
    const unsigned long kept = status.f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC);
    const unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | kept;
    if (mount(nullptr, place.c_str(), nullptr, flags, nullptr) != 0) {
      return FailErrno("mount(" + place + ", MS_REMOUNT | MS_BIND | MS_RDONLY)");
    }
  }
  return {};
}

Status RaiseLoopback() {
  UniqueFd socket_fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket_fd) return FailErrno("socket(AF_INET)");
  ifreq request{};
  strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(socket_fd.get(), SIOCSIFFLAGS, &request) != 0) {
    return FailErrno("ioctl(SIOCSIFFLAGS, lo)");
  }
  return {};
}

}  // namespace

Status EnterSandbox(const Sandbox& sandbox, const std::string& cgroup) {
  RETURN_IF_ERROR(EnterTestCgroup(sandbox.layout, cgroup));
  RETURN_IF_ERROR(SetPropagation(MS_PRIVATE, "MS_PRIVATE"));
  ASSIGN_OR_RETURN(const std::vector<Mount> host_mounts, ReadMountInfo());
  RETURN_IF_ERROR(MakePrivateDirectories(sandbox.visible));
  RETURN_IF_ERROR(MountSysfs(sandbox.layout));
  RETURN_IF_ERROR(MountDevpts());
  RETURN_IF_ERROR(MountMessageQueues());
  RETURN_IF_ERROR(MountProc());
  RETURN_IF_ERROR(ProtectHost(host_mounts));
  RETURN_IF_ERROR(RaiseLoopback());
  if (sethostname("lxcspec", 7) != 0) return FailErrno("sethostname(lxcspec)");
  RETURN_IF_ERROR(MakeDirectories(kScratchDirectory));
  RETURN_IF_ERROR(CreateFile(kNeedsFile, sandbox.needs));
  // As systemd leaves it: an implementation that forgets to cut propagation shows its mounts here.
  RETURN_IF_ERROR(SetPropagation(MS_SHARED, "MS_SHARED"));
  if (chdir("/") != 0) return FailErrno("chdir(/)");
  return {};
}

}  // namespace lxcspec::launcher
