// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/storage/destroy.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "runtime/config/parser.h"
#include "runtime/container/hooks.h"
#include "runtime/container/listing.h"
#include "runtime/container/rootfs_mount.h"
#include "runtime/container/storage/dependants.h"
#include "runtime/container/storage/marker.h"
#include "runtime/container/storage/snapshots.h"
#include "runtime/kernel/file_tree.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

std::string ValueOf(const Config& config, std::string_view key) {
  const auto& values = config.Values(key);
  return values.empty() ? "" : values.front();
}

bool IsWithin(const fs::path& path, const fs::path& folder) {
  const auto relative = path.lexically_normal().lexically_relative(folder.lexically_normal());
  return !relative.empty() && *relative.begin() != "..";
}

// What of the root file system the container owns, outside of its folder.
Result<std::vector<std::string>> OwnedOutside(const Config& config, const std::string& folder) {
  if (ValueOf(config, "lxc.rootfs.managed") == "0") return std::vector<std::string>();
  auto rootfs = ParseRootfsPath(ValueOf(config, "lxc.rootfs.path"));
  if (!rootfs) return Forward(std::move(rootfs).error());
  std::vector<std::string> owned;
  for (const std::string& path : {rootfs->path, rootfs->work}) {
    if (path.empty() || IsWithin(path, folder)) continue;
    struct stat status = {};
    if (lstat(path.c_str(), &status) != 0 && errno == ENOENT) continue;
    if (!path.starts_with('/') || IsWithin(folder, path)) {
      return Failure(EINVAL, fmt::format("destroy: {} is no container's own folder", path));
    }
    owned.push_back(path);
  }
  return owned;
}

// What stands against removing the container.
Status MayBeDestroyed(const Container& container, const Place& place,
                      const std::string& except_lxcpath) {
  if (!container.IsDefined()) {
    return Failure(ENOENT, fmt::format("destroy: {} is not defined", container.name()));
  }
  if (IsActive(place)) {
    return Failure(EBUSY, fmt::format("destroy: {} is running", container.name()));
  }
  if (HasDependants(place, except_lxcpath)) {
    return Failure(EBUSY, fmt::format("destroy: {} has clones that use its root file system",
                                      container.name()));
  }
  return {};
}

Status NothingMounted(const std::string& path) {
  const std::string mounted = MountWithin(path);
  if (mounted.empty()) return {};
  return Failure(EBUSY, fmt::format("destroy: {} is mounted", mounted));
}

Status RunDestroyHooks(const Container& container, const Config& config) {
  HookContext context = MakeHookContext(config, container.name(), container.ConfigFile());
  auto done = RunHooks(context, config.Values("lxc.hook.destroy"),
                       {.type = "destroy", .arguments = {}, .environment = {}, .output = {}});
  if (done) return done;
  Error error = std::move(done).error();
  error.attempted = "lxc.hook.destroy: " + error.attempted;
  return Forward(std::move(error));
}

Status DestroyFiles(const Container& container, const std::vector<std::string>& except) {
  const Place place{.lxcpath = container.lxcpath(), .name = container.name()};
  TRY(MayBeDestroyed(container, place, ""));
  const std::string folder = place.ToString();
  // What is on the disk counts, not what a client has set since.
  Config config;
  TRY(LoadFile(container.ConfigFile(), config));
  auto outside = OwnedOutside(config, folder);
  if (!outside) return Forward(std::move(outside).error());
  for (const std::string& path : *outside) TRY(NothingMounted(path));
  TRY(NothingMounted(folder));
  auto origins = ReadOrigins(place);
  if (!origins) return Forward(std::move(origins).error());

  auto marker = Marker::Take(folder, {.folder = false, .paths = {}});
  if (!marker) return Forward(std::move(marker).error());
  if (auto done = RunDestroyHooks(container, config); !done) {
    static_cast<void>(marker->Remove());
    return done;
  }
  // From here on there is no way back: who finds the marker goes on.
  if (except.empty()) TRY(marker->Name({.folder = true, .paths = *outside}));
  const ChildNamespaces namespaces = ForFilesOf(config);
  for (const std::string& path : *outside) TRY(RemoveAs(namespaces, path));
  if (except.empty()) {
    TRY(RemoveContainerFolder(namespaces, folder));
  } else {
    std::vector<std::string> kept = except;
    kept.emplace_back(kMarkerName);
    const auto remove = [&] { return RemoveContents(folder, kept); };
    TRY(namespaces.id_maps.empty() ? remove() : RunInChild(namespaces, remove));
    TRY(marker->Remove());
  }
  for (const Place& origin : *origins) TRY(RemoveDependant(origin, place));
  return {};
}

}  // namespace

Status RemoveAs(const ChildNamespaces& namespaces, const std::string& path) {
  if (namespaces.id_maps.empty()) return RemoveTree(path);
  return RunInChild(namespaces, [&] { return RemoveTree(path); });
}

Status RemoveContainerFolder(const ChildNamespaces& namespaces, const std::string& folder) {
  const auto remove = [&]() -> Status {
    TRY(RemoveContents(folder, {kMarkerName}));
    return RemoveTree(folder);
  };
  return namespaces.id_maps.empty() ? remove() : RunInChild(namespaces, remove);
}

Status Destroy(const Container& container, SnapshotPolicy snapshots) {
  const Place place{.lxcpath = container.lxcpath(), .name = container.name()};
  const bool all = snapshots == SnapshotPolicy::kDestroy;
  TRY(MayBeDestroyed(container, place, all ? SnapshotsPath(container) : ""));
  auto taken = ListSnapshots(container);
  if (!taken) return Forward(std::move(taken).error());
  if (!taken->empty() && !all) {
    return Failure(EBUSY, fmt::format("destroy: {} has snapshots", container.name()));
  }
  TRY(DestroyAllSnapshots(container));
  return DestroyFiles(container, {});
}

Status DestroyButSnapshots(const Container& container) {
  return DestroyFiles(container, {kSnapshotsFolder});
}

}  // namespace lxcspec::runtime
