// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/directory.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace lxcspec::launcher {
namespace {

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
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(directory.c_str()), &closedir);
  if (!stream) return names;
  while (const dirent* entry = readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> ListDirectories(const std::string& directory) {
  std::vector<std::string> names = ListNames(directory);
  std::erase_if(names, [&](const std::string& name) {
    struct stat status {};
    return lstat((directory + "/" + name).c_str(), &status) != 0 || !S_ISDIR(status.st_mode);
  });
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
