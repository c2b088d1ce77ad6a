// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/file_tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/base/unique_fd.h"
#include "runtime/kernel/directory.h"

namespace lxcspec::runtime {
namespace {

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// A folder that was entered: how to recognise it, and its name in the one above.
struct Level {
  dev_t device;
  ino_t inode;
  std::string name;
};

Result<Level> LevelOf(const UniqueFd& folder, std::string name) {
  struct stat status;
  if (fstat(folder.get(), &status) != 0) return ErrnoFailure(fmt::format("fstat({})", name));
  return Level{.device = status.st_dev, .inode = status.st_ino, .name = std::move(name)};
}

// /proc/self/mountinfo writes blanks and the like as three octal digits.
std::string Unescaped(std::string_view field) {
  std::string text;
  for (size_t at = 0; at < field.size(); ++at) {
    if (field[at] == '\\' && field.size() - at > 3) {
      const auto code = ParseUnsigned("0" + std::string(field.substr(at + 1, 3)));
      if (code && *code < 256) {
        text += static_cast<char>(*code);
        at += 3;
        continue;
      }
    }
    text += field[at];
  }
  return text;
}

// Empties one folder. The path of what is being removed is kept for messages only.
class Remover {
 public:
  Remover(UniqueFd top, Level level, std::string path)
      : here_(std::move(top)), device_(level.device), path_(std::move(path)) {
    levels_.push_back(std::move(level));
  }

  Status Run(const std::vector<std::string>& except) {
    while (true) {
      auto entered = Sweep(levels_.size() == 1 ? except : std::vector<std::string>());
      if (!entered) return Forward(std::move(entered).error());
      if (*entered) continue;
      if (levels_.size() == 1) return {};
      TRY(Leave());
    }
  }

 private:
  // Removes what can be removed at once. True: stopped at a folder that has contents, now in it.
  Result<bool> Sweep(const std::vector<std::string>& except) {
    auto names = NamesIn(here_);
    if (!names) {
      return Failure(names.error().code, fmt::format("{}({})", names.error().attempted, Path("")));
    }
    for (const std::string& name : *names) {
      if (std::find(except.begin(), except.end(), name) != except.end()) continue;
      if (unlinkat(here_.get(), name.c_str(), 0) == 0 || errno == ENOENT) continue;
      if (errno != EISDIR) return ErrnoFailure(fmt::format("unlink({})", Path(name)));
      if (unlinkat(here_.get(), name.c_str(), AT_REMOVEDIR) == 0) continue;
      if (errno != ENOTEMPTY && errno != EEXIST) {
        return ErrnoFailure(fmt::format("rmdir({})", Path(name)));
      }
      TRY(Enter(name));
      return true;
    }
    return false;
  }

  Status Enter(const std::string& name) {
    UniqueFd next(openat(here_.get(), name.c_str(), kFolder));
    if (!next.valid()) return ErrnoFailure(fmt::format("open({})", Path(name)));
    auto level = LevelOf(next, name);
    if (!level) return Forward(std::move(level).error());
    if (level->device != device_) {
      return Failure(EBUSY, fmt::format("remove({}): something is mounted there", Path(name)));
    }
    levels_.push_back(*std::move(level));
    here_ = std::move(next);
    return {};
  }

  // Goes up, if the folder is still where it was entered, and removes the one that was left.
  Status Leave() {
    UniqueFd above(openat(here_.get(), "..", kFolder));
    if (!above.valid()) return ErrnoFailure(fmt::format("open({})", Path("..")));
    auto level = LevelOf(above, "..");
    if (!level) return Forward(std::move(level).error());
    const std::string name = levels_.back().name;
    levels_.pop_back();
    if (level->device != levels_.back().device || level->inode != levels_.back().inode) {
      return Failure(ESTALE, fmt::format("remove({}): was moved meanwhile", Path(name)));
    }
    here_ = std::move(above);
    if (unlinkat(here_.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
      return ErrnoFailure(fmt::format("rmdir({})", Path(name)));
    }
    return {};
  }

  std::string Path(const std::string& name) const {
    std::string path = path_;
    for (size_t at = 1; at < levels_.size(); ++at) path += "/" + levels_[at].name;
    return name.empty() ? path : path + "/" + name;
  }

  UniqueFd here_;
  dev_t device_;
  std::string path_;
  std::vector<Level> levels_;
};

}  // namespace

std::string MountWithin(const std::string& path) {
  std::error_code error;
  const std::string real = std::filesystem::canonical(path, error);
  if (error) return "";
  constexpr size_t kMountPoint = 4;
  std::ifstream table("/proc/self/mountinfo");
  for (std::string line; std::getline(table, line);) {
    const std::vector<std::string> fields = Words(line, " ");
    if (fields.size() <= kMountPoint) continue;
    const std::string point = Unescaped(fields[kMountPoint]);
    if (point == real || point.starts_with(real + "/")) return point;
  }
  return "";
}

Status RemoveContents(const std::string& path, const std::vector<std::string>& except) {
  const std::string mounted = MountWithin(path);
  if (!mounted.empty()) {
    return Failure(EBUSY, fmt::format("remove({}): {} is mounted", path, mounted));
  }
  UniqueFd top(open(path.c_str(), kFolder));
  if (!top.valid()) return ErrnoFailure(fmt::format("open({})", path));
  auto level = LevelOf(top, path);
  if (!level) return Forward(std::move(level).error());
  return Remover(std::move(top), *std::move(level), path).Run(except);
}

Status RemoveTree(const std::string& path) {
  struct stat status;
  if (lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return ErrnoFailure(fmt::format("lstat({})", path));
  }
  if (!S_ISDIR(status.st_mode)) {
    if (unlink(path.c_str()) != 0) return ErrnoFailure(fmt::format("unlink({})", path));
    return {};
  }
  TRY(RemoveContents(path, {}));
  if (rmdir(path.c_str()) != 0) return ErrnoFailure(fmt::format("rmdir({})", path));
  return {};
}

Status MakeFolders(const std::string& path, unsigned mode) {
  if (mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
  if (errno == ENOENT) {
    const std::string above = std::filesystem::path(path).parent_path();
    if (!above.empty() && above != path) {
      constexpr mode_t kAbove = 0755;
      TRY(MakeFolders(above, kAbove));
      if (mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
    }
  }
  return ErrnoFailure(fmt::format("mkdir({})", path));
}

}  // namespace lxcspec::runtime
