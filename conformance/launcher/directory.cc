// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/directory.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace lxcspec::launcher {
namespace {

// Calls `take` with each entry but the folder and its parent.
template <typename Take>
void ForEach(const std::string& directory, Take take) {
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(directory.c_str()), &closedir);
  if (!stream) return;
  while (const dirent* entry = readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") take(*entry);
  }
}

// Whether an entry of the folder is one itself. Most file systems say that with its name: of a
// cgroup's hundred files none has to be looked at.
bool IsDirectory(const std::string& directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat status {};
  const std::string path = directory + "/" + entry.d_name;
  return lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

void AddTree(const std::string& directory, const std::string& prefix, dev_t device, size_t limit,
             std::vector<std::string>& found) {
  for (const std::string& name : ListNames(directory)) {
    if (found.size() >= limit) return;
    const std::string path = directory + "/" + name;
    found.push_back(prefix + name);
    struct stat status {};
    if (lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_dev == device) {
      AddTree(path, prefix + name + "/", device, limit, found);
    }
  }
}

}  // namespace

std::vector<std::string> ListNames(const std::string& directory) {
  std::vector<std::string> names;
  ForEach(directory, [&](const dirent& entry) { names.emplace_back(entry.d_name); });
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> ListDirectories(const std::string& directory) {
  std::vector<std::string> names;
  ForEach(directory, [&](const dirent& entry) {
    if (IsDirectory(directory, entry)) names.emplace_back(entry.d_name);
  });
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> ListTree(const std::string& directory, size_t limit) {
  std::vector<std::string> found;
  struct stat status {};
  if (lstat(directory.c_str(), &status) == 0) {
    AddTree(directory, "", status.st_dev, limit, found);
  }
  return found;
}

}  // namespace lxcspec::launcher
