// SPDX-License-Identifier: Apache-2.0
//
// CopyTree() of file_tree.h.

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <utility>

#include "runtime/base/unique_fd.h"
#include "runtime/kernel/directory.h"
#include "runtime/kernel/file_tree.h"

namespace lxcspec::runtime {
namespace {

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr mode_t kPrivateFolder = 0700;
constexpr mode_t kPrivateFile = 0600;
constexpr mode_t kPermissions = 07777;

// A folder being copied: what is left to do in it, and how to recognise both sides on the way up.
struct Level {
  std::string name;
  struct stat source;
  struct stat target;
  std::vector<std::string> names;
};

bool SameFile(const struct stat& left, const struct stat& right) {
  return left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

// Copies a range of a file by whatever means both file systems have.
Status CopyRange(const UniqueFd& from, const UniqueFd& to, off_t at, off_t end) {
  off_t in = at;
  off_t out = at;
  while (in < end) {
    const ssize_t count =
        copy_file_range(from.get(), &in, to.get(), &out, static_cast<size_t>(end - in), 0);
    if (count == 0) return {};
    if (count > 0) continue;
    if (errno == EINTR) continue;
    if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) {
      return ErrnoFailure("copy_file_range");
    }
    break;
  }
  std::array<char, 1 << 16> part;
  while (in < end) {
    const auto wanted = std::min(static_cast<size_t>(end - in), part.size());
    const ssize_t count = TEMP_FAILURE_RETRY(pread(from.get(), part.data(), wanted, in));
    if (count < 0) return ErrnoFailure("read");
    if (count == 0) return {};
    for (ssize_t done = 0; done < count;) {
      const ssize_t written = TEMP_FAILURE_RETRY(
          pwrite(to.get(), part.data() + done, static_cast<size_t>(count - done), in + done));
      if (written < 0) return ErrnoFailure("write");
      done += written;
    }
    in += count;
  }
  return {};
}

// Copies a file's contents: shared blocks where the file system can, without its holes elsewhere.
Status CopyContents(const UniqueFd& from, const UniqueFd& to, off_t size) {
  if (size == 0 || ioctl(to.get(), FICLONE, from.get()) == 0) return {};
  if (ftruncate(to.get(), size) != 0) return ErrnoFailure("ftruncate");
  for (off_t at = 0; at < size;) {
    const off_t data = lseek(from.get(), at, SEEK_DATA);
    // ENXIO: nothing but a hole is left.
    if (data < 0 && errno == ENXIO) return {};
    const off_t begin = data < 0 ? at : data;
    const off_t hole = data < 0 ? -1 : lseek(from.get(), begin, SEEK_HOLE);
    const off_t end = hole < 0 ? size : std::min(hole, size);
    TRY(CopyRange(from, to, begin, end));
    at = end;
  }
  return {};
}

// Copies what a name in a folder has beside its contents; `.` is the folder itself.
Status CopyAttributes(const UniqueFd& from, const UniqueFd& to, const std::string& name,
                      const struct stat& status) {
  if (fchownat(to.get(), name.c_str(), status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) != 0) {
    return ErrnoFailure("chown");
  }
  // A change of the owner clears set-user-ID bits and capabilities, so they come after it.
  if (!S_ISLNK(status.st_mode) &&
      fchmodat(to.get(), name.c_str(), status.st_mode & kPermissions, 0) != 0) {
    return ErrnoFailure("chmod");
  }
  const std::string source = fmt::format("/proc/self/fd/{}/{}", from.get(), name);
  const std::string target = fmt::format("/proc/self/fd/{}/{}", to.get(), name);
  std::array<char, XATTR_LIST_MAX> names;
  const ssize_t length = llistxattr(source.c_str(), names.data(), names.size());
  if (length < 0 && errno != ENOTSUP) return ErrnoFailure("listxattr");
  std::array<char, XATTR_SIZE_MAX> value;
  for (const char* at = names.data(); length > 0 && at < names.data() + length;) {
    const std::string attribute = at;
    at += attribute.size() + 1;
    const ssize_t size = lgetxattr(source.c_str(), attribute.c_str(), value.data(), value.size());
    if (size < 0) return ErrnoFailure(fmt::format("getxattr({})", attribute));
    if (lsetxattr(target.c_str(), attribute.c_str(), value.data(), static_cast<size_t>(size), 0) ==
        0) {
      continue;
    }
    // Labels are the security module's, which gives the copy one of its own.
    if (attribute.starts_with("security.") && attribute != "security.capability") continue;
    return ErrnoFailure(fmt::format("setxattr({})", attribute));
  }
  const std::array<timespec, 2> times = {status.st_atim, status.st_mtim};
  if (utimensat(to.get(), name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
    return ErrnoFailure("utimensat");
  }
  return {};
}

class Copier {
 public:
  Copier(UniqueFd source, UniqueFd target, Level top)
      : source_(std::move(source)),
        target_(std::move(target)),
        root_(fcntl(target_.get(), F_DUPFD_CLOEXEC, 0)) {
    levels_.push_back(std::move(top));
  }

  Status Run() {
    while (true) {
      if (levels_.back().names.empty()) {
        if (auto done = CopyAttributes(source_, target_, ".", levels_.back().source); !done) {
          return At("", std::move(done).error());
        }
        if (levels_.size() == 1) return {};
        if (auto left = Leave(); !left) return At("..", std::move(left).error());
        continue;
      }
      const std::string name = std::move(levels_.back().names.back());
      levels_.back().names.pop_back();
      if (auto done = Copy(name); !done) return At(name, std::move(done).error());
    }
  }

 private:
  Status Copy(const std::string& name) {
    struct stat status;
    if (fstatat(source_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      return ErrnoFailure("lstat");
    }
    if (S_ISDIR(status.st_mode)) return Enter(name, status);
    if (status.st_nlink > 1) {
      const auto [known, added] =
          links_.emplace(std::pair(status.st_dev, status.st_ino), Path(name));
      if (!added) {
        if (linkat(root_.get(), known->second.c_str(), target_.get(), name.c_str(), 0) != 0) {
          return ErrnoFailure("link");
        }
        return {};
      }
    }
    if (S_ISREG(status.st_mode))
      TRY(CopyFile(name, status));
    else if (S_ISLNK(status.st_mode))
      TRY(CopyLink(name));
    else if (mknodat(target_.get(), name.c_str(), status.st_mode, status.st_rdev) != 0) {
      return ErrnoFailure("mknod");
    }
    return CopyAttributes(source_, target_, name, status);
  }

  Status CopyFile(const std::string& name, const struct stat& expected) {
    // Without O_NONBLOCK, what became a pipe meanwhile would stop us.
    const UniqueFd from(openat(source_.get(), name.c_str(),
                               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!from.valid()) return ErrnoFailure("open");
    struct stat status;
    if (fstat(from.get(), &status) != 0) return ErrnoFailure("fstat");
    if (!SameFile(status, expected)) return Failure(ESTALE, "open: was changed meanwhile");
    const UniqueFd to(openat(target_.get(), name.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kPrivateFile));
    if (!to.valid()) return ErrnoFailure("create");
    return CopyContents(from, to, status.st_size);
  }

  Status CopyLink(const std::string& name) {
    std::array<char, PATH_MAX> text;
    const ssize_t length = readlinkat(source_.get(), name.c_str(), text.data(), text.size() - 1);
    if (length < 0) return ErrnoFailure("readlink");
    text[static_cast<size_t>(length)] = '\0';
    if (symlinkat(text.data(), target_.get(), name.c_str()) != 0) return ErrnoFailure("symlink");
    return {};
  }

  Status Enter(const std::string& name, const struct stat& status) {
    if (mkdirat(target_.get(), name.c_str(), kPrivateFolder) != 0) return ErrnoFailure("mkdir");
    // What is mounted here is not part of the tree; the place for it is.
    if (status.st_dev != levels_.front().source.st_dev) return {};
    UniqueFd from(openat(source_.get(), name.c_str(), kFolder));
    UniqueFd to(openat(target_.get(), name.c_str(), kFolder));
    if (!from.valid() || !to.valid()) return ErrnoFailure("open");
    Level level{.name = name, .source = status, .target = {}, .names = {}};
    if (fstat(to.get(), &level.target) != 0) return ErrnoFailure("fstat");
    auto names = NamesIn(from);
    if (!names) return Forward(std::move(names).error());
    level.names = *std::move(names);
    levels_.push_back(std::move(level));
    source_ = std::move(from);
    target_ = std::move(to);
    return {};
  }

  // Goes up on both sides, if both are still where they were entered.
  Status Leave() {
    UniqueFd from(openat(source_.get(), "..", kFolder));
    UniqueFd to(openat(target_.get(), "..", kFolder));
    if (!from.valid() || !to.valid()) return ErrnoFailure("open");
    levels_.pop_back();
    struct stat status;
    if (fstat(from.get(), &status) != 0) return ErrnoFailure("fstat");
    if (!SameFile(status, levels_.back().source)) return Failure(ESTALE, "was moved meanwhile");
    if (fstat(to.get(), &status) != 0) return ErrnoFailure("fstat");
    if (!SameFile(status, levels_.back().target)) return Failure(ESTALE, "was moved meanwhile");
    source_ = std::move(from);
    target_ = std::move(to);
    return {};
  }

  // Relative to the top.
  std::string Path(const std::string& name) const {
    std::string path;
    for (size_t at = 1; at < levels_.size(); ++at) path += levels_[at].name + "/";
    return path + name;
  }

  tl::unexpected<Error> At(const std::string& name, Error error) const {
    error.attempted = fmt::format("copy({}): {}", Path(name), error.attempted);
    return Forward(std::move(error));
  }

  UniqueFd source_;
  UniqueFd target_;
  // The target's top, for hard links.
  UniqueFd root_;
  std::vector<Level> levels_;
  std::map<std::pair<dev_t, ino_t>, std::string> links_;
};

}  // namespace

Status CopyTree(const std::string& source, const std::string& target) {
  UniqueFd from(open(source.c_str(), kFolder));
  if (!from.valid()) return ErrnoFailure(fmt::format("open({})", source));
  if (mkdir(target.c_str(), kPrivateFolder) != 0) {
    return ErrnoFailure(fmt::format("mkdir({})", target));
  }
  UniqueFd to(open(target.c_str(), kFolder));
  if (!to.valid()) return ErrnoFailure(fmt::format("open({})", target));
  Level top{.name = "", .source = {}, .target = {}, .names = {}};
  if (fstat(from.get(), &top.source) != 0 || fstat(to.get(), &top.target) != 0) {
    return ErrnoFailure(fmt::format("fstat({})", source));
  }
  auto names = NamesIn(from);
  if (!names) return Forward(std::move(names).error());
  top.names = *std::move(names);
  return Copier(std::move(from), std::move(to), std::move(top)).Run();
}

}  // namespace lxcspec::runtime
