// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/mount_injection_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

constexpr mode_t kFileMode = 0644;

}  // namespace

Result<bool> IsFolder(int fd) {
  struct stat status = {};
  if (fstat(fd, &status) != 0) return ErrnoFailure("stat what is to be mounted");
  return S_ISDIR(status.st_mode);
}

Result<UniqueFd> FileForInjection(int root, const std::string& target) {
  // mount_injection_file.makes_target mount_injection_file.keeps_target
  // mount_injection_file.follows_link
  auto file = MakeFileInRoot(root, target, kFileMode);
  if (!file) return file;
  const auto is_folder = IsFolder(file->get());
  if (!is_folder) return Forward(is_folder.error());
  // mount_injection_file.file_over_folder
  if (*is_folder) return Failure(ENOTDIR, fmt::format("a file over the folder {}", target));
  return file;
}

}  // namespace lxcspec::runtime
