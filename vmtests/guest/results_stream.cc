// SPDX-License-Identifier: Apache-2.0

#include "vmtests/guest/results_stream.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <utility>

namespace lxcspec::guest {

Result<ResultsStream> ResultsStream::Follow(const std::string& path) {
  UniqueFd inotify(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify) return FailErrno("inotify_init1()");
  const std::string directory = std::filesystem::path(path).parent_path();
  if (inotify_add_watch(inotify.get(), directory.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO) <
      0) {
    return FailErrno("inotify_add_watch(" + directory + ")");
  }
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0 && errno != ENOENT) return FailErrno("stat(" + path + ")");
  return ResultsStream(path, std::move(inotify), info.st_size);
}

void ResultsStream::DrainEvents() {
  std::array<char, 4096> events = {};
  while (read(inotify_.get(), events.data(), events.size()) > 0) {
  }
}

Status ResultsStream::Pump(const OnBytes& on_bytes, const OnStart& on_start) {
  // Before the read, so that an append after it raises a new event.
  DrainEvents();
  UniqueFd file(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT && offset_ == 0) return {};
    return FailErrno("open(" + path_ + ")");
  }
  struct stat info = {};
  if (fstat(file.get(), &info) != 0) return FailErrno("fstat(" + path_ + ")");
  if (info.st_size < offset_) {
    return Fail(EIO, path_ + " shrank from " + std::to_string(offset_) + " to " +
                         std::to_string(info.st_size) + " bytes");
  }
  std::array<char, 16384> buffer = {};
  while (true) {
    const ssize_t size = pread(file.get(), buffer.data(), buffer.size(), offset_);
    if (size < 0) return FailErrno("pread(" + path_ + ")");
    if (size == 0) return {};
    const std::string_view bytes(buffer.data(), static_cast<size_t>(size));
    partial_line_ += bytes;
    for (size_t end; (end = partial_line_.find('\n')) != std::string::npos;) {
      const auto start = ParseStart(std::string_view(partial_line_).substr(0, end));
      partial_line_.erase(0, end + 1);
      if (start) on_start(*start);
    }
    RETURN_IF_ERROR(on_bytes(bytes));
    offset_ += size;
  }
}

}  // namespace lxcspec::guest
