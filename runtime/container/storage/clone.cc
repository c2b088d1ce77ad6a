// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/storage/clone.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "runtime/base/scope_exit.h"
#include "runtime/base/unique_fd.h"
#include "runtime/container/hooks.h"
#include "runtime/container/listing.h"
#include "runtime/container/rootfs_mount.h"
#include "runtime/container/storage/child.h"
#include "runtime/container/storage/dependants.h"
#include "runtime/container/storage/destroy.h"
#include "runtime/container/storage/marker.h"
#include "runtime/container/storage/relocate.h"
#include "runtime/container/storage/small_file.h"
#include "runtime/container/storage/snapshots.h"
#include "runtime/kernel/file_tree.h"
#include "runtime/kernel/mount.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

constexpr mode_t kFolderMode = 0770;
constexpr mode_t kOverlayMode = 0755;
constexpr mode_t kAbove = 0755;

Place PlaceOf(const Container& container) {
  return {.lxcpath = container.lxcpath(), .name = container.name()};
}

std::string ValueOf(const Config& config, std::string_view key) {
  const auto& values = config.Values(key);
  return values.empty() ? "" : values.front();
}

// How a container's root file system comes to be: a folder to copy and what to make around it.
struct RootfsClone {
  // Of the new container: lxc.rootfs.path, empty where the original has none.
  std::string configured;
  // What is copied, and where to; empty: nothing.
  std::string copy_from;
  std::string copy_to;
  // An overlay's upper folder that begins empty, and the folder that it looks like; or empty.
  std::string empty_upper;
  std::string upper_like;
  bool uses_original = false;
};

bool IsIn(const std::string& path, const std::string& folder) {
  return TidyPath(path).starts_with(TidyPath(folder) + "/");
}

Result<RootfsClone> PlanRootfs(const Config& config, const Place& original, const Place& made,
                               const CopyRequest& request) {
  const std::string configured = ValueOf(config, "lxc.rootfs.path");
  auto rootfs = ParseRootfsPath(configured);
  if (!rootfs) return Forward(std::move(rootfs).error());
  const std::string folder = made.ToString();
  const bool overlay = request.backing.starts_with("overlay");
  RootfsClone clone;
  switch (rootfs->kind) {
    case RootfsKind::kHost:
      break;
    case RootfsKind::kDirectory:
      if (overlay && !request.snapshot) {
        return Failure(ENOTSUP, "clone: an overlay on a folder is a snapshot, not a copy");
      }
      if (request.snapshot && request.backing == "dir") {
        return Failure(ENOTSUP, "clone: a snapshot of a folder is an overlay, not a folder");
      }
      if (request.snapshot) {
        clone.empty_upper = folder + "/overlay/delta";
        clone.upper_like = rootfs->path;
        clone.configured = fmt::format("overlay:{}:{}", rootfs->path, clone.empty_upper);
        clone.uses_original = true;
      } else {
        clone.copy_from = rootfs->path;
        clone.copy_to = folder + "/rootfs";
        clone.configured = "dir:" + clone.copy_to;
      }
      break;
    case RootfsKind::kOverlay:
      if (request.backing == "dir") {
        return Failure(ENOTSUP, "clone: an overlay's copy is an overlay, not a folder");
      }
      clone.copy_from = rootfs->path;
      clone.copy_to = folder + "/overlay/delta";
      clone.configured = "overlay";
      for (const std::string& lower : rootfs->lower) {
        clone.configured += ":" + lower;
        clone.uses_original = clone.uses_original || IsIn(lower, original.ToString());
      }
      clone.configured += ":" + clone.copy_to;
      break;
  }
  return clone;
}

Status MakeLike(const std::string& folder, const std::string& model) {
  struct stat status = {};
  if (stat(model.c_str(), &status) != 0) return ErrnoFailure(fmt::format("stat({})", model));
  TRY(MakeFolders(folder, kOverlayMode));
  if (chown(folder.c_str(), status.st_uid, status.st_gid) != 0) {
    return ErrnoFailure(fmt::format("chown({})", folder));
  }
  constexpr mode_t kPermissions = 07777;
  if (chmod(folder.c_str(), status.st_mode & kPermissions) != 0) {
    return ErrnoFailure(fmt::format("chmod({})", folder));
  }
  return {};
}

Status MakeRootfs(const RootfsClone& rootfs, const std::string& folder) {
  if (rootfs.configured.starts_with("overlay")) {
    TRY(MakeFolders(folder + "/overlay", kOverlayMode));
    // Where it is mounted while hooks look at it.
    TRY(MakeFolders(folder + "/rootfs", kOverlayMode));
  }
  if (!rootfs.copy_from.empty()) TRY(CopyTree(rootfs.copy_from, rootfs.copy_to));
  if (!rootfs.empty_upper.empty()) TRY(MakeLike(rootfs.empty_upper, rootfs.upper_like));
  return {};
}

// A path in an overlay's options.
std::string Escaped(const std::string& path) {
  std::string escaped;
  for (const char c : path) {
    if (c == '\\' || c == ':' || c == ',') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// Puts the root file system where it can be worked on, in this mount namespace. Returns the path.
Result<std::string> MountForWork(const Container& container) {
  auto rootfs = ParseRootfsPath(ValueOf(container.config(), "lxc.rootfs.path"));
  if (!rootfs) return Forward(std::move(rootfs).error());
  if (rootfs->kind != RootfsKind::kOverlay) return rootfs->path;
  TRY(MakeFolders(rootfs->work, kOverlayMode));
  std::string lower;
  for (const std::string& one : rootfs->lower) lower += (lower.empty() ? "" : ":") + Escaped(one);
  auto mounted = NewMount({.type = "overlay",
                           .source = "overlay",
                           .flags = 0,
                           .data = fmt::format("lowerdir={},upperdir={},workdir={}", lower,
                                               Escaped(rootfs->path), Escaped(rootfs->work))});
  if (!mounted) return Forward(std::move(mounted).error());
  std::string point = PlaceOf(container).ToString() + "/rootfs";
  TRY(MakeFolders(point, kOverlayMode));
  auto target = Open(point, O_PATH | O_DIRECTORY);
  if (!target) return Forward(std::move(target).error());
  TRY(AttachMount(mounted->get(), target->get()));
  return point;
}

// Writes the name into the root file system, if that has a file for it.
Status WriteHostName(const std::string& rootfs, const std::string& name) {
  auto root = Open(rootfs, O_PATH | O_DIRECTORY);
  if (!root) return Forward(std::move(root).error());
  auto file = OpenInRoot(root->get(), "etc/hostname", O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!file) return {};
  struct stat status = {};
  if (fstat(file->get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  const std::string text = name + "\n";
  if (ftruncate(file->get(), 0) != 0 ||
      pwrite(file->get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return ErrnoFailure("write(etc/hostname)");
  }
  return {};
}

struct NewIdentity {
  std::string old_name;
  bool write_host_name = true;
  std::vector<std::string> hook_arguments;
};

// What the container's own files have to learn about its new name. In a child, whose mounts go.
Status TellNewIdentity(const Container& container, const NewIdentity& identity) {
  if (ValueOf(container.config(), "lxc.rootfs.path").empty()) return {};
  auto mounted = MountForWork(container);
  if (!mounted) return Forward(std::move(mounted).error());
  if (identity.write_host_name) TRY(WriteHostName(*mounted, container.name()));
  HookContext context =
      MakeHookContext(container.config(), container.name(), container.ConfigFile());
  context.rootfs_mount = *mounted;
  return RunHooks(context, container.config().Values("lxc.hook.clone"),
                  {.type = "clone",
                   .arguments = identity.hook_arguments,
                   .environment = {"LXC_SRC_NAME=" + identity.old_name},
                   .output = {}});
}

ChildNamespaces ForWorkOn(const Config& config) {
  ChildNamespaces namespaces = ForFilesOf(config);
  namespaces.mounts = true;
  return namespaces;
}

// The new container's configuration, and the files that it names.
Status Configure(const RootfsClone& rootfs, const Container& original, const CopyRequest& request,
                 Container& made) {
  made.config() = original.config();
  if (!rootfs.configured.empty()) {
    TRY(made.SetItem("lxc.rootfs.path", rootfs.configured));
    // Whoever the original's files belong to, the copy's are its own.
    if (!made.config().Values("lxc.rootfs.managed").empty()) {
      TRY(made.config().Clear("lxc.rootfs.managed"));
    }
  }
  if (!request.keep_name) TRY(made.SetItem("lxc.uts.name", made.name()));
  if (!request.keep_hardware_addresses) TRY(ChangeHardwareAddresses(made.config()));
  TRY(CopyHelpers(PlaceOf(original).ToString(), PlaceOf(made).ToString(), made.config()));
  return made.Save(std::nullopt);
}

// Those whose files the new container uses: the original's own, and the original itself.
Result<std::vector<Place>> OriginsOf(const RootfsClone& rootfs, const Place& original) {
  std::vector<Place> origins;
  if (rootfs.configured.starts_with("overlay:")) {
    auto of_original = ReadOrigins(original);
    if (!of_original) return Forward(std::move(of_original).error());
    origins = *std::move(of_original);
  }
  if (rootfs.uses_original) origins.push_back(original);
  return origins;
}

Status Fill(const RootfsClone& rootfs, const Container& original, const CopyRequest& request,
            Container& made) {
  TRY(Configure(rootfs, original, request, made));
  return RunInChild(ForWorkOn(made.config()), [&]() -> Status {
    TRY(MakeRootfs(rootfs, PlaceOf(made).ToString()));
    return TellNewIdentity(made, {.old_name = original.name(),
                                  .write_host_name = !request.keep_name,
                                  .hook_arguments = request.hook_arguments});
  });
}

Status MayBeRenamed(const Container& container, const Place& place, const Place& moved) {
  if (!container.IsDefined()) {
    return Failure(ENOENT, fmt::format("rename: {} is not defined", container.name()));
  }
  if (IsActive(place)) {
    return Failure(EBUSY, fmt::format("rename: {} is running", container.name()));
  }
  if (HasDependants(place)) {
    return Failure(EBUSY, fmt::format("rename: {} has clones that use its root file system",
                                      container.name()));
  }
  auto snapshots = ListSnapshots(container);
  if (!snapshots) return Forward(std::move(snapshots).error());
  if (!snapshots->empty()) {
    return Failure(EBUSY, fmt::format("rename: {} has snapshots", container.name()));
  }
  if (IsActive(moved) || access(moved.ToString().c_str(), F_OK) == 0) {
    return Failure(EEXIST, fmt::format("rename: {} is there already", moved.name));
  }
  return {};
}

Status MoveFolder(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
  // Not every file system knows the flag; a folder is in no case put over one that is not empty.
  if (errno == EINVAL && rename(from.c_str(), to.c_str()) == 0) return {};
  return ErrnoFailure(fmt::format("rename({}, {})", from, to));
}

}  // namespace

Result<Container> Clone(const Container& original, const CopyRequest& request) {
  const Place source = PlaceOf(original);
  if (!original.IsDefined()) {
    return Failure(ENOENT, fmt::format("clone: {} is not defined", original.name()));
  }
  if (!request.allow_running && IsActive(source)) {
    return Failure(EBUSY, fmt::format("clone: {} is running", original.name()));
  }
  if (!request.backing.empty() && request.backing != "dir" &&
      !request.backing.starts_with("overlay")) {
    return Failure(ENOTSUP, fmt::format("clone: backing store \"{}\"", request.backing));
  }
  const Place place{.lxcpath = request.lxcpath.value_or(source.lxcpath),
                    .name = request.name.value_or(source.name)};
  const std::string folder = place.ToString();
  auto made = Container::Open(place.name, place.lxcpath);
  if (!made) return Forward(std::move(made).error());
  if (IsActive(place) || access(folder.c_str(), F_OK) == 0) {
    return Failure(EEXIST, fmt::format("clone: {} is there already", folder));
  }
  auto rootfs = PlanRootfs(original.config(), source, place, request);
  if (!rootfs) return Forward(std::move(rootfs).error());
  auto origins = OriginsOf(*rootfs, source);
  if (!origins) return Forward(std::move(origins).error());

  TRY(MakeFolders(place.lxcpath, kAbove));
  if (mkdir(folder.c_str(), kFolderMode) != 0) {
    return ErrnoFailure(fmt::format("mkdir({})", folder));
  }
  ScopeExit undo([&] {
    for (const Place& origin : *origins) static_cast<void>(RemoveDependant(origin, place));
    static_cast<void>(RemoveContainerFolder(ForFilesOf(original.config()), folder));
  });
  auto marker = Marker::Take(folder, {});
  if (!marker) return Forward(std::move(marker).error());
  TRY(WriteOrigins(place, *origins));
  for (const Place& origin : *origins) TRY(AddDependant(origin, place));
  TRY(Fill(*rootfs, original, request, *made));
  TRY(marker->Remove());
  undo.Cancel();
  return made;
}

Status Rename(const Container& container, const std::string& name) {
  const Place place = PlaceOf(container);
  const Place moved{.lxcpath = place.lxcpath, .name = name};
  auto made = Container::Open(name, place.lxcpath);
  if (!made) return Forward(std::move(made).error());
  TRY(MayBeRenamed(container, place, moved));
  const std::string from = place.ToString();
  const std::string to = moved.ToString();
  auto before = ReadSmallFile(container.ConfigFile());
  if (!before) return Forward(std::move(before).error());
  auto origins = ReadOrigins(place);
  if (!origins) return Forward(std::move(origins).error());
  made->config() = container.config();
  TRY(MovePaths(from, to, made->config()));
  TRY(made->SetItem("lxc.uts.name", name));

  auto marker = Marker::Take(from, {.folder = false, .paths = {}});
  if (!marker) return Forward(std::move(marker).error());
  if (auto done = MoveFolder(from, to); !done) {
    static_cast<void>(marker->Remove());
    return done;
  }
  ScopeExit undo([&] {
    static_cast<void>(WriteSmallFile(made->ConfigFile(), *before));
    unlink((to + "/" + kMarkerName).c_str());
    static_cast<void>(MoveFolder(to, from));
  });
  TRY(made->Save(std::nullopt));
  TRY(RunInChild(ForWorkOn(made->config()), [&] {
    return TellNewIdentity(*made,
                           {.old_name = place.name, .write_host_name = true, .hook_arguments = {}});
  }));
  undo.Cancel();
  for (const Place& origin : *origins) {
    TRY(AddDependant(origin, moved));
    TRY(RemoveDependant(origin, place));
  }
  if (unlink((to + "/" + kMarkerName).c_str()) != 0) return ErrnoFailure("unlink(partial)");
  return {};
}

}  // namespace lxcspec::runtime
