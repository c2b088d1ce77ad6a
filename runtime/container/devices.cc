// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/devices.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "runtime/container/storage/child.h"
#include "runtime/kernel/credentials.h"
#include "runtime/kernel/mount.h"
#include "runtime/kernel/namespaces.h"
#include "runtime/kernel/path.h"
#include "runtime/kernel/pidfd.h"

namespace lxcspec::runtime {
namespace {

constexpr mode_t kPermissions = 07777;
constexpr mode_t kFolderMode = 0755;

struct Device {
  mode_t mode;
  dev_t number;

  mode_t type() const { return mode & S_IFMT; }
  std::string Rule() const {
    return fmt::format("{} {}:{} rwm", type() == S_IFBLK ? 'b' : 'c', major(number), minor(number));
  }
  bool Is(const struct stat& other) const {
    return (other.st_mode & S_IFMT) == type() && other.st_rdev == number;
  }
};

Result<Device> DeviceOfHost(const std::string& path) {
  struct stat found = {};
  if (stat(path.c_str(), &found) != 0) return ErrnoFailure(fmt::format("stat({})", path));
  if (!S_ISCHR(found.st_mode) && !S_ISBLK(found.st_mode)) {
    return Failure(ENODEV, fmt::format("{} is no device", path));
  }
  return Device{.mode = found.st_mode, .number = found.st_rdev};
}

// A container's root, and how to change what is in there.
struct Inside {
  UniqueFd root;
  // With a user namespace: those in which its file systems can be changed.
  std::optional<ProcessNamespaces> namespaces;
};

Result<Inside> FindInside(const UniqueFd& init_pidfd, pid_t init_pid) {
  Inside inside;
  auto namespaces = ProcessNamespaces::Open(init_pidfd, init_pid, CLONE_NEWUSER | CLONE_NEWNS);
  if (!namespaces) return Forward(std::move(namespaces).error());
  if (namespaces->Has(CLONE_NEWUSER)) inside.namespaces = *std::move(namespaces);
  auto root = Open(fmt::format("/proc/{}/root", init_pid), O_PATH | O_DIRECTORY);
  if (!root) return Forward(std::move(root).error());
  // Alive now, its number was nobody else's when the root was opened.
  if (HasEnded(init_pidfd)) return Failure(ESRCH, "the container's init");
  inside.root = *std::move(root);
  return inside;
}

// Does it as the root of the container's user namespace, where there is one.
Status Change(const Inside& inside, const std::function<Status()>& work) {
  if (!inside.namespaces) return work();
  return RunInChild({}, [&]() -> Status {
    TRY(inside.namespaces->Enter());
    TRY(BecomeUser(0, 0, {}));
    return work();
  });
}

// Where a node is to be, in a folder that the container cannot exchange any more.
struct Spot {
  UniqueFd folder;
  std::string name;
};

Result<Spot> FindSpot(const Inside& inside, const std::string& path, bool make_folders) {
  const size_t slash = path.rfind('/');
  const std::string name = slash == path.npos ? path : path.substr(slash + 1);
  if (!path.starts_with('/') || name.empty() || name == "." || name == "..") {
    return Failure(EINVAL, fmt::format("\"{}\" is no full path of a device", path));
  }
  const std::string parent = path.substr(0, slash + 1);
  auto folder = make_folders ? MakeFolderInRoot(inside.root.get(), parent, kFolderMode)
                             : OpenInRoot(inside.root.get(), parent, O_PATH | O_DIRECTORY);
  if (!folder) return Forward(std::move(folder).error());
  return Spot{.folder = *std::move(folder), .name = name};
}

// What is there, links not followed.
Result<struct stat> Look(const Spot& spot) {
  struct stat found = {};
  if (fstatat(spot.folder.get(), spot.name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
    return ErrnoFailure(fmt::format("stat {} in the container", spot.name));
  }
  return found;
}

// Beyond the umask. By descriptor, as the container may have put something else there.
Status SetMode(const Spot& spot, const Device& device) {
  const UniqueFd node(
      openat(spot.folder.get(), spot.name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!node.valid()) return ErrnoFailure(fmt::format("open {} in the container", spot.name));
  struct stat found = {};
  if (fstat(node.get(), &found) != 0) return ErrnoFailure("stat a new device node");
  if (!device.Is(found)) return Failure(EEXIST, fmt::format("{} in the container", spot.name));
  if (chmod(DescriptorPath(node.get()).c_str(), device.mode & kPermissions) != 0) {
    return ErrnoFailure(fmt::format("chmod {} in the container", spot.name));
  }
  return {};
}

Status MakeNode(const Spot& spot, const Device& device) {
  const int folder = spot.folder.get();
  const char* name = spot.name.c_str();
  if (mknodat(folder, name, device.mode & (S_IFMT | kPermissions), device.number) != 0) {
    return ErrnoFailure(fmt::format("mknod {} in the container", spot.name));
  }
  Status done = SetMode(spot, device);
  if (!done) unlinkat(folder, name, 0);
  return done;
}

// The mount of the host's own node.
Result<UniqueFd> MountOf(const std::string& source, const Device& device) {
  auto tree = CloneTree(AT_FDCWD, source, false);
  struct stat found = {};
  if (tree && fstat(tree->get(), &found) != 0) return ErrnoFailure(fmt::format("stat({})", source));
  if (tree && !device.Is(found)) return Failure(ENODEV, fmt::format("{} has changed", source));
  return tree;
}

Status MountNode(const Spot& spot, const UniqueFd& tree) {
  const int folder = spot.folder.get();
  const char* name = spot.name.c_str();
  const UniqueFd file(openat(folder, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0));
  if (!file.valid()) return ErrnoFailure(fmt::format("create {} in the container", name));
  Status done = AttachMount(tree.get(), file.get());
  if (!done) unlinkat(folder, name, 0);
  return done;
}

Status TakeAway(const Spot& spot) {
  const char* name = spot.name.c_str();
  if (unlinkat(spot.folder.get(), name, 0) == 0) return {};
  if (errno != EBUSY) return ErrnoFailure(fmt::format("unlink {} in the container", name));
  // It is a mount. umount2(2) takes a path, and this is a child of its own.
  if (fchdir(spot.folder.get()) != 0) return ErrnoFailure("fchdir() in the container");
  if (umount2(name, UMOUNT_NOFOLLOW | MNT_DETACH) != 0 ||
      unlinkat(spot.folder.get(), name, 0) != 0) {
    return ErrnoFailure(fmt::format("unmount {} in the container", name));
  }
  return {};
}

Status Remove(const Inside& inside, const std::string& path) {
  return Change(inside, [&]() -> Status {
    const auto spot = FindSpot(inside, path, false);
    return spot ? TakeAway(*spot) : Forward(spot.error());
  });
}

// Version 2 has no such file, and there the node alone decides.
Status WriteRule(const DeviceRuleWriter& write_rule, const char* file, const Device& device) {
  const Status written = write_rule(file, device.Rule());
  if (!written && written.error().code == ENOENT) return {};
  return written;
}

}  // namespace

Status AddDeviceNode(const UniqueFd& init_pidfd, pid_t init_pid, const std::string& source,
                     const std::string& destination, const DeviceRuleWriter& write_rule) {
  const auto device = DeviceOfHost(source);
  if (!device) return Forward(device.error());
  const auto inside = FindInside(init_pidfd, init_pid);
  if (!inside) return Forward(inside.error());
  const auto there = FindSpot(*inside, destination, false);
  if (!there && there.error().code != ENOENT) return Forward(there.error());
  if (const auto found = there ? Look(*there) : Failure(ENOENT, destination); found) {
    if (device->Is(*found)) return WriteRule(write_rule, "devices.allow", *device);
    return Failure(EEXIST, fmt::format("{} in the container", destination));
  }
  UniqueFd tree;
  if (inside->namespaces) {
    auto mount = MountOf(source, *device);
    if (!mount) return Forward(std::move(mount).error());
    tree = *std::move(mount);
  }
  TRY(Change(*inside, [&]() -> Status {
    const auto spot = FindSpot(*inside, destination, true);
    if (!spot) return Forward(spot.error());
    return tree.valid() ? MountNode(*spot, tree) : MakeNode(*spot, *device);
  }));
  Status done = WriteRule(write_rule, "devices.allow", *device);
  if (!done) static_cast<void>(Remove(*inside, destination));
  return done;
}

Status RemoveDeviceNode(const UniqueFd& init_pidfd, pid_t init_pid, const std::string& source,
                        const std::string& destination, const DeviceRuleWriter& write_rule) {
  const auto device = DeviceOfHost(source);
  if (!device) return Forward(device.error());
  const auto inside = FindInside(init_pidfd, init_pid);
  if (!inside) return Forward(inside.error());
  const auto spot = FindSpot(*inside, destination, false);
  if (!spot) return Forward(spot.error());
  const auto found = Look(*spot);
  if (!found) return Forward(found.error());
  if (!device->Is(*found)) {
    return Failure(EINVAL, fmt::format("{} in the container is another thing", destination));
  }
  // What may not be used any more first: a node alone gives no access.
  TRY(WriteRule(write_rule, "devices.deny", *device));
  Status done = Remove(*inside, destination);
  if (!done) static_cast<void>(WriteRule(write_rule, "devices.allow", *device));
  return done;
}

}  // namespace lxcspec::runtime
