// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/mount_injection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>

#include <bit>
#include <cerrno>

#include "runtime/kernel/mount.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

constexpr mode_t kFolderMode = 0755;

constexpr unsigned long kPropagation = MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE;
constexpr unsigned long kOfTheMount = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME |
                                      MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME;
constexpr unsigned long kBind = MS_BIND;
constexpr unsigned long kOfTheFilesystem = MS_SYNCHRONOUS | MS_DIRSYNC | MS_LAZYTIME | MS_MANDLOCK;

tl::unexpected<Error> Refused(const std::string& why) {
  return Failure(EINVAL, fmt::format("mount: {}", why));
}

}  // namespace

unsigned long WithoutMagic(unsigned long flags) {
  return (flags & MS_MGC_MSK) == MS_MGC_VAL ? flags & ~static_cast<unsigned long>(MS_MGC_MSK)
                                            : flags;
}

bool InjectedMount::IsBind() const { return (flags & MS_BIND) != 0; }
bool InjectedMount::IsRecursive() const { return (flags & MS_REC) != 0; }
unsigned long InjectedMount::Propagation() const { return flags & kPropagation; }

Status CheckInjectionTarget(const std::string& target) {
  // mount_injection.bad_arguments
  if (!target.starts_with('/')) return Refused(fmt::format("\"{}\" is no absolute path", target));
  return {};
}

Status CheckInjection(const InjectedMount& request) {
  TRY(CheckInjectionTarget(request.target));
  // mount_injection.bad_arguments mount_injection.no_move
  if (request.IsBind() && request.source.empty()) return Refused("nothing to bind");
  if (!request.IsBind() && request.type.empty()) return Refused("no type of file system");
  if (std::popcount(request.Propagation()) > 1) return Refused("more than one propagation");
  // A flag that is not known here would be dropped.
  const unsigned long known = kOfTheMount | kPropagation | MS_REC | MS_SILENT |
                              (request.IsBind() ? kBind : kOfTheFilesystem);
  const unsigned long unknown = request.flags & ~known;
  if (unknown != 0) return Refused(fmt::format("flags {:#x}", unknown));
  return {};
}

Result<UniqueFd> MakeInjection(const InjectedMount& request) {
  // mount_injection.recursive
  if (request.IsBind()) return CloneTree(AT_FDCWD, request.source, request.IsRecursive());
  // mount_injection.mounts_filesystem mount_injection.source_is_a_name
  return NewMount({.type = request.type,
                   .source = request.source,
                   .flags = request.flags & (kOfTheMount | kOfTheFilesystem),
                   .data = request.data});
}

Status RestrictInjection(int mount, const InjectedMount& request) {
  // mount_injection.container_mounts_stay
  TRY(SetPropagation(mount, MS_SLAVE | MS_REC));
  if (!request.IsBind()) return {};
  // mount_injection.bind_flags mount_injection.bind_read_only mount_injection.recursive_flags
  return AddMountFlags(mount, request.flags & kOfTheMount, request.IsRecursive());
}

Result<UniqueFd> FolderForInjection(int root, const std::string& target) {
  // mount_injection.makes_target mount_injection.keeps_target mount_injection.stays_inside
  // mount_injection.follows_link mount_injection.folder_over_file
  return MakeFolderInRoot(root, target, kFolderMode);
}

}  // namespace lxcspec::runtime
