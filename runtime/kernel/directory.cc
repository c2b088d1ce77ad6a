// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>

namespace lxcspec::runtime {

Result<std::vector<std::string>> NamesIn(const UniqueFd& folder) {
  UniqueFd copy(openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!copy.valid()) return ErrnoFailure("open");
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(copy.get()), closedir);
  if (!stream) return ErrnoFailure("fdopendir");
  static_cast<void>(copy.Release());
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return ErrnoFailure("readdir");
  return names;
}

}  // namespace lxcspec::runtime
