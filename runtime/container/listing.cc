// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/listing.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace lxcspec::runtime {

namespace fs = std::filesystem;

Result<std::vector<std::string>> DefinedContainers(const std::string& lxcpath) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(lxcpath, error)) {
    const fs::path config = entry.path() / "config";
    if (access(config.c_str(), F_OK) == 0) names.push_back(entry.path().filename());
  }
  if (error) return Failure(error.value(), "opendir(" + lxcpath + ")");
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace lxcspec::runtime
