// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/console/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

namespace lxcspec::runtime {
namespace {

// Never waits: not for a FIFO's reader, not for a line's carrier.
constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
// console_log.log_file_private
constexpr mode_t kMode = 0600;

// A file's own path: where it is rotated, the file is renamed and not a link to it.
Result<std::string> PathOf(const UniqueFd& fd) {
  const std::string link = fmt::format("/proc/self/fd/{}", fd.get());
  std::array<char, PATH_MAX> path;
  const ssize_t length = readlink(link.c_str(), path.data(), path.size());
  if (length <= 0) return ErrnoFailure(fmt::format("readlink({})", link));
  return std::string(path.data(), static_cast<size_t>(length));
}

}  // namespace

Result<ConsoleLogFile> ConsoleLogFile::Open(const std::string& path, uint64_t limit, bool rotates) {
  const std::string attempted = fmt::format("lxc.console.logfile: open({})", path);
  ConsoleLogFile file;
  // console_log.log_file_created console_log.log_file_unusable
  file.fd_ = UniqueFd(open(path.c_str(), kFlags, kMode));
  if (!file.fd_.valid() && errno == ENXIO) {
    // A FIFO that nobody reads yet.
    file.fd_ = UniqueFd(open(path.c_str(), (kFlags & ~(O_WRONLY | O_CREAT)) | O_RDWR));
  }
  if (!file.fd_.valid()) return ErrnoFailure(attempted);
  struct stat about {};
  if (fstat(file.fd_.get(), &about) != 0) return ErrnoFailure(attempted);
  file.is_regular_ = S_ISREG(about.st_mode);
  if (!file.is_regular_) return file;
  auto own_path = PathOf(file.fd_);
  if (!own_path) return Forward(std::move(own_path).error());
  file.path_ = *std::move(own_path);
  file.limit_ = limit;
  file.rotates_ = rotates;
  // console_log.log_file_appended
  file.size_ = static_cast<uint64_t>(about.st_size);
  // console_log.log_size_limit
  if (limit != 0 && file.size_ > limit) TRY(file.MakeRoom());
  return file;
}

Status ConsoleLogFile::Write(const RingPieces& pieces) {
  Status written;
  for (const iovec& piece : pieces) {
    auto piece_written = WriteBytes({static_cast<const char*>(piece.iov_base), piece.iov_len});
    if (written) written = std::move(piece_written);
  }
  return written;
}

Status ConsoleLogFile::WriteBytes(std::span<const char> bytes) {
  if (limit_ == 0) return Put(bytes);
  if (!rotates_ && bytes.size() > limit_) {
    // All of it would be pushed out but the end.
    bytes = bytes.last(limit_);
    unbroken_ = 0;
  }
  while (!bytes.empty()) {
    if (size_ + bytes.size() > limit_ && (!rotates_ || size_ >= limit_)) TRY(MakeRoom());
    // console_log.log_size_limit
    const auto part = bytes.first(std::min<uint64_t>(bytes.size(), limit_ - size_));
    TRY(Put(part));
    bytes = bytes.subspan(part.size());
  }
  return {};
}

Status ConsoleLogFile::Put(std::span<const char> bytes) {
  // console_log.log_file_written
  while (!bytes.empty()) {
    const ssize_t count = write(fd_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      unbroken_ = 0;
      return ErrnoFailure(fmt::format("lxc.console.logfile: write({})", path_));
    }
    size_ += static_cast<uint64_t>(count);
    unbroken_ += static_cast<uint64_t>(count);
    bytes = bytes.subspan(static_cast<size_t>(count));
  }
  return {};
}

Status ConsoleLogFile::MakeRoom() {
  // console_log.log_not_rotated
  return rotates_ ? Rotate() : Cut();
}

Status ConsoleLogFile::Rotate() {
  // console_log.log_rotates
  const std::string older = path_ + ".1";
  // What somebody else has put into the file's place stays there.
  struct stat ours {};
  struct stat there {};
  const bool is_there = fstat(fd_.get(), &ours) == 0 && lstat(path_.c_str(), &there) == 0 &&
                        ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
  if (is_there && rename(path_.c_str(), older.c_str()) != 0) {
    return ErrnoFailure(fmt::format("rename({}, {})", path_, older));
  }
  UniqueFd next(open(path_.c_str(), kFlags | O_NOFOLLOW, ours.st_mode & 0777));
  if (!next.valid()) return ErrnoFailure(fmt::format("open({})", path_));
  struct stat about {};
  if (fstat(next.get(), &about) != 0) return ErrnoFailure(fmt::format("fstat({})", path_));
  fd_ = std::move(next);
  size_ = static_cast<uint64_t>(about.st_size);
  unbroken_ = 0;
  return size_ >= limit_ ? Cut() : Status();
}

Status ConsoleLogFile::Cut() {
  // console_log.log_size_keeps_newest
  if (ftruncate(fd_.get(), 0) != 0) return ErrnoFailure(fmt::format("ftruncate({})", path_));
  size_ = 0;
  unbroken_ = 0;
  return {};
}

Status ConsoleLogFile::Restore(const ConsoleRing& ring) {
  // With rotation the rest is in the other file. Without a limit all of it is here:
  // console_log.log_file_kept_after_stop
  if (limit_ == 0 || rotates_) return {};
  const uint64_t wanted = std::min(ring.size(), limit_);
  if (wanted <= unbroken_) return {};
  // console_log.log_mirrors_buffer
  TRY(Cut());
  for (const iovec& piece : ring.Newest(wanted)) {
    TRY(Put({static_cast<const char*>(piece.iov_base), piece.iov_len}));
  }
  return {};
}

}  // namespace lxcspec::runtime
