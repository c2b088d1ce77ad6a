// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/devices.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

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

// Where a node is to be, in a folder that the container cannot exchange any more.
struct Spot {
  UniqueFd folder;
  std::string name;
};

Result<Spot> FindSpot(const UniqueFd& init_pidfd, pid_t init_pid, const std::string& path,
                      bool make_folders) {
  const size_t slash = path.rfind('/');
  const std::string name = slash == path.npos ? path : path.substr(slash + 1);
  if (!path.starts_with('/') || name.empty() || name == "." || name == "..") {
    return Failure(EINVAL, fmt::format("\"{}\" is no full path of a device", path));
  }
  const auto user = ProcessNamespaces::Open(init_pidfd, init_pid, CLONE_NEWUSER);
  if (!user) return Forward(user.error());
  if (user->Has(CLONE_NEWUSER)) {
    return Failure(EOPNOTSUPP, "device nodes in a container with a user namespace");
  }
  const auto root = Open(fmt::format("/proc/{}/root", init_pid), O_PATH | O_DIRECTORY);
  if (!root) return Forward(root.error());
  // Alive now, its number was nobody else's when the root was opened.
  if (HasEnded(init_pidfd)) return Failure(ESRCH, "the container's init");
  const std::string parent = path.substr(0, slash + 1);
  auto folder = make_folders ? MakeFolderInRoot(root->get(), parent, kFolderMode)
                             : OpenInRoot(root->get(), parent, O_PATH | O_DIRECTORY);
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
  const auto spot = FindSpot(init_pidfd, init_pid, destination, true);
  if (!spot) return Forward(spot.error());
  const int folder = spot->folder.get();
  const char* name = spot->name.c_str();
  if (mknodat(folder, name, device->mode & (S_IFMT | kPermissions), device->number) != 0) {
    if (errno != EEXIST) return ErrnoFailure(fmt::format("mknod {} in the container", destination));
    const auto found = Look(*spot);
    if (!found || !device->Is(*found)) {
      return Failure(EEXIST, fmt::format("mknod {} in the container", destination));
    }
    return WriteRule(write_rule, "devices.allow", *device);
  }
  Status done = SetMode(*spot, *device);
  if (done) done = WriteRule(write_rule, "devices.allow", *device);
  if (!done) unlinkat(folder, name, 0);
  return done;
}

Status RemoveDeviceNode(const UniqueFd& init_pidfd, pid_t init_pid, const std::string& source,
                        const std::string& destination, const DeviceRuleWriter& write_rule) {
  const auto device = DeviceOfHost(source);
  if (!device) return Forward(device.error());
  const auto spot = FindSpot(init_pidfd, init_pid, destination, false);
  if (!spot) return Forward(spot.error());
  const auto found = Look(*spot);
  if (!found) return Forward(found.error());
  if (!device->Is(*found)) {
    return Failure(EINVAL, fmt::format("{} in the container is another thing", destination));
  }
  // What may not be used any more first: a node alone gives no access.
  TRY(WriteRule(write_rule, "devices.deny", *device));
  if (unlinkat(spot->folder.get(), spot->name.c_str(), 0) == 0) return {};
  const int code = errno;
  static_cast<void>(WriteRule(write_rule, "devices.allow", *device));
  return Failure(code, fmt::format("unlink {} in the container", destination));
}

}  // namespace lxcspec::runtime
