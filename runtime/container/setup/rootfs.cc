// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/setup/rootfs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "runtime/container/setup/id_mapping.h"
#include "runtime/extensions/idmapped_mounts_v2.h"
#include "runtime/kernel/mount.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

tl::unexpected<Error> Because(std::string_view what, Error error) {
  error.attempted = fmt::format("{}: {}", what, error.attempted);
  return Forward(std::move(error));
}

// A path within an option of overlay: commas and colons would end it.
std::string OverlayEscaped(std::string_view path) {
  std::string escaped;
  for (const char c : path) {
    if (c == ',' || c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

Result<UniqueFd> OverlayTree(const SetupPlan& plan) {
  const RootfsPath& path = plan.rootfs.path;
  if (mkdir(path.work.c_str(), 0755) != 0 && errno != EEXIST) {
    return ErrnoFailure(fmt::format("mkdir({}) for the overlay", path.work));
  }
  std::string lower;
  for (const std::string& folder : path.lower) {
    lower += (lower.empty() ? "" : ":") + OverlayEscaped(folder);
  }
  FilesystemRequest request{
      .type = "overlay",
      .source = "overlay",
      .flags = plan.rootfs.options.flags,
      .data = fmt::format("lowerdir={},upperdir={},workdir={}", lower, OverlayEscaped(path.path),
                          OverlayEscaped(path.work))};
  // Root of a user namespace cannot write the trusted attributes that overlay keeps its notes in.
  if (plan.has_user_namespace()) request.data += ",userxattr";
  if (!plan.rootfs.options.data.empty()) request.data += "," + plan.rootfs.options.data;
  return NewMount(request);
}

Result<UniqueFd> RootfsTree(const SetupPlan& plan) {
  switch (plan.rootfs.path.kind) {
    case RootfsKind::kHost:
      return CloneTree(AT_FDCWD, "/", true);
    case RootfsKind::kDirectory:
      return CloneTree(AT_FDCWD, plan.rootfs.path.path, true);
    case RootfsKind::kOverlay:
      return OverlayTree(plan);
  }
  return Failure(EINVAL, "unknown kind of root file system");
}

Result<UniqueFd> Source(const MountRequest& entry, int root) {
  const bool recursive = (entry.options.flags & MS_REC) != 0;
  if ((entry.options.flags & MS_BIND) == 0) {
    return NewMount({.type = entry.type,
                     .source = entry.source,
                     .flags = entry.options.flags,
                     .data = entry.options.data});
  }
  if (!entry.options.relative) return CloneTree(AT_FDCWD, entry.source, recursive);
  auto source = OpenInRoot(root, entry.source, O_PATH);
  if (!source) return source;
  return CloneTree(source->get(), "", recursive);
}

Result<UniqueFd> Target(const MountRequest& entry, int root) {
  constexpr mode_t kFolderMode = 0755;
  constexpr mode_t kFileMode = 0644;
  switch (entry.options.create) {
    case CreateTarget::kFolder:
      return MakeFolderInRoot(root, entry.target, kFolderMode);
    case CreateTarget::kFile:
      return MakeFileInRoot(root, entry.target, kFileMode);
    case CreateTarget::kNo:
      break;
  }
  return OpenInRoot(root, entry.target, O_PATH);
}

Status RemountEntry(const MountRequest& entry, int target) {
  const MountOptions& options = entry.options;
  if ((options.flags & MS_BIND) != 0) {
    return AddMountFlags(target, options.flags, (options.flags & MS_REC) != 0);
  }
  return Remount(target, options.flags, options.data);
}

// What only the monitor may do.
Status MapIds(const ChildContext& context, uint32_t whose, const UniqueFd& tree, bool recursive) {
  if (context.id_mapper == nullptr) return Failure(ENOTSUP, "idmap: nobody is there to map ids");
  return AskForIdMapping(*context.id_mapper, whose, tree, recursive);
}

Status CarryOut(const MountRequest& entry, uint32_t place, const ChildContext& context, int root) {
  const MountOptions& options = entry.options;
  if (options.wants_idmap && !CanBeIdMapped(options.flags)) {
    return Failure(EINVAL, "idmap is for bind mounts");
  }
  const auto target = Target(entry, root);
  if (!target) return Forward(target.error());
  int mounted = target->get();
  UniqueFd source;
  if ((options.flags & MS_REMOUNT) != 0) {
    TRY(RemountEntry(entry, mounted));
  } else {
    auto tree = Source(entry, root);
    if (!tree) return Forward(std::move(tree).error());
    source = *std::move(tree);
    mounted = source.get();
    if (options.wants_idmap) {
      TRY(MapIds(context, place, source, (options.flags & MS_REC) != 0));
    }
    TRY(AttachMount(mounted, target->get()));
    // A bind mount takes its flags from its source, and so is read-only only when made so now.
    if ((options.flags & MS_BIND) != 0) {
      TRY(AddMountFlags(mounted, options.flags, (options.flags & MS_REC) != 0));
    }
  }
  for (const unsigned long propagation : options.propagation) {
    TRY(SetPropagation(mounted, propagation));
  }
  return {};
}

}  // namespace

Status CutOffMounts() {
  if (mount(nullptr, "/", nullptr, MS_SLAVE | MS_REC, nullptr) != 0) {
    return ErrnoFailure("make all mounts slaves");
  }
  return {};
}

Result<UniqueFd> MountRootfs(const SetupPlan& plan, const ChildContext& context) {
  const RootfsPlan& rootfs = plan.rootfs;
  auto tree = RootfsTree(plan);
  if (!tree) return Because("lxc.rootfs.path", std::move(tree).error());
  if (rootfs.options.wants_idmap) {
    const Status mapped = MapIds(context, kRootfsMapping, *tree, true);
    if (!mapped) return Because("lxc.rootfs.options", mapped.error());
  }
  const auto target = Open(rootfs.mount_point, O_PATH | O_DIRECTORY);
  if (!target) return Because("lxc.rootfs.mount", target.error());
  if (const Status attached = AttachMount(tree->get(), target->get()); !attached) {
    return Because(fmt::format("root file system on {}", rootfs.mount_point), attached.error());
  }
  if (rootfs.path.kind != RootfsKind::kOverlay) {
    const Status flagged = AddMountFlags(tree->get(), rootfs.options.flags, true);
    if (!flagged) return Because("lxc.rootfs.options", flagged.error());
  }
  for (const unsigned long propagation : rootfs.options.propagation) {
    const Status set = SetPropagation(tree->get(), propagation);
    if (!set) return Because("lxc.rootfs.options", set.error());
  }
  return tree;
}

Status MountEntries(const SetupPlan& plan, const ChildContext& context, int root) {
  for (uint32_t place = 0; place < plan.entries.size(); ++place) {
    const MountRequest& entry = plan.entries[place];
    const Status done = CarryOut(entry, place, context, root);
    if (done || entry.options.optional) continue;
    return Because(fmt::format("mount {} on {}", entry.source, entry.target), done.error());
  }
  return {};
}

}  // namespace lxcspec::runtime
