// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/rootfs_mount.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>

#include "runtime/base/text.h"

namespace lxcspec::runtime {
namespace {

// Where distributions have the empty folder that liblxc mounts on.
constexpr std::array<const char*, 4> kInstalled = {
#if defined(__x86_64__)
    "/usr/lib/x86_64-linux-gnu/lxc/rootfs",
#elif defined(__aarch64__)
    "/usr/lib/aarch64-linux-gnu/lxc/rootfs",
#else
    "/usr/lib64/lxc/rootfs",
#endif
    "/usr/lib/lxc/rootfs", "/usr/lib64/lxc/rootfs", "/usr/local/lib/lxc/rootfs"};

bool IsFolder(const char* path) {
  struct stat status = {};
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

std::string WithoutSlashAtEnd(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string ParentOf(const std::string& path) {
  const size_t slash = WithoutSlashAtEnd(path).rfind('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<RootfsPath> ParseOverlay(std::string_view configured, std::string_view layers) {
  RootfsPath rootfs{.kind = RootfsKind::kOverlay};
  rootfs.lower = Words(layers, ":");
  if (rootfs.lower.size() < 2) {
    return Failure(EINVAL, fmt::format("lxc.rootfs.path: {}: an overlay is "
                                       "overlay:<lower>[:<lower>...]:<upper>",
                                       configured));
  }
  rootfs.path = WithoutSlashAtEnd(rootfs.lower.back());
  rootfs.lower.pop_back();
  const std::string parent = ParentOf(rootfs.path);
  rootfs.work = parent + (parent.ends_with('/') ? "" : "/") + "olwork";
  return rootfs;
}

}  // namespace

Result<RootfsPath> ParseRootfsPath(std::string_view configured) {
  if (configured.empty()) return RootfsPath{};
  for (const std::string_view prefix : {"overlay:", "overlayfs:"}) {
    if (configured.starts_with(prefix)) {
      return ParseOverlay(configured, configured.substr(prefix.size()));
    }
  }
  // A btrfs subvolume and a mounted zfs dataset are folders too, if given by path.
  for (const std::string_view prefix : {"dir:/", "btrfs:/", "zfs:/", "/"}) {
    if (!configured.starts_with(prefix)) continue;
    const std::string path(configured.substr(prefix.size() - 1));
    return RootfsPath{.kind = RootfsKind::kDirectory, .path = path, .lower = {}, .work = ""};
  }
  return Failure(ENOTSUP, fmt::format("lxc.rootfs.path: {}: neither dir:<folder> nor "
                                      "overlay:<lower>:<upper>",
                                      configured));
}

std::string RootfsMountPoint(const Config& config) {
  const auto& configured = config.Values("lxc.rootfs.mount");
  if (!configured.empty()) return configured.front();
  for (const char* installed : kInstalled) {
    if (IsFolder(installed)) return installed;
  }
  const auto& path = config.Values("lxc.rootfs.path");
  const auto rootfs = ParseRootfsPath(path.empty() ? "" : path.front());
  return rootfs && !rootfs->path.empty() ? rootfs->path : "/mnt";
}

}  // namespace lxcspec::runtime
