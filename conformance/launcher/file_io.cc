// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/file_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

#include "conformance/posix/unique_fd.h"

namespace lxcspec::launcher {

Result<std::string> ReadFile(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return FailErrno("open(" + path + ")");
  std::string text;
  char buffer[16384];
  for (;;) {
    const ssize_t got = read(fd.get(), buffer, sizeof(buffer));
    if (got == 0) return text;
    if (got > 0) {
      text.append(buffer, static_cast<size_t>(got));
    } else if (errno != EINTR) {
      return FailErrno("read(" + path + ")");
    }
  }
}

Status WriteAll(int fd, std::string_view data, const std::string& what) {
  while (!data.empty()) {
    const ssize_t put = write(fd, data.data(), data.size());
    if (put > 0) {
      data.remove_prefix(static_cast<size_t>(put));
    } else if (put == 0) {
      return Fail(ENOSPC, "write(" + what + ")");
    } else if (errno != EINTR) {
      return FailErrno("write(" + what + ")");
    }
  }
  return {};
}

Status WriteKernelFile(const std::string& path, std::string_view data) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return FailErrno("open(" + path + ")");
  if (write(fd.get(), data.data(), data.size()) != static_cast<ssize_t>(data.size())) {
    return FailErrno("write(" + path + ", " + std::string(data) + ")");
  }
  return {};
}

Status CreateFile(const std::string& path, std::string_view data) {
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return FailErrno("open(" + path + ", O_CREAT)");
  return WriteAll(fd.get(), data, path);
}

Status MakeDirectory(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
  return FailErrno("mkdir(" + path + ")");
}

Status MakeDirectories(const std::string& path, mode_t mode) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    RETURN_IF_ERROR(MakeDirectory(path.substr(0, slash), mode));
  }
  return MakeDirectory(path, mode);
}

Result<std::string> RealPath(const std::string& path) {
  const std::unique_ptr<char, decltype(&free)> real(realpath(path.c_str(), nullptr), &free);
  if (!real) return FailErrno("realpath(" + path + ")");
  return std::string(real.get());
}

bool IsDirectory(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool IsWithin(std::string_view path, std::string_view directory) {
  if (directory == "/") return true;
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

}  // namespace lxcspec::launcher
