// SPDX-License-Identifier: Apache-2.0

#include "conformance/probes/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace lxcspec::probe {
namespace {

constexpr mode_t kFolderMode = 0755;
constexpr mode_t kFileMode = 0644;

Answer FromErrno(const std::string& path) { return {.error = errno, .text = path}; }

}  // namespace

Answer OwnerOf(const std::vector<std::string>& arguments) {
  struct stat found = {};
  if (lstat(arguments[0].c_str(), &found) != 0) return FromErrno(arguments[0]);
  return {.error = 0, .text = std::to_string(found.st_uid) + " " + std::to_string(found.st_gid)};
}

Answer MakeFile(const std::vector<std::string>& arguments) {
  const std::string& path = arguments[0];
  const std::string& text = arguments[1];
  if (text == "/") return mkdir(path.c_str(), kFolderMode) == 0 ? Answer{} : FromErrno(path);
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode);
  if (fd < 0) return FromErrno(path);
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const Answer answer = written ? Answer{} : FromErrno(path);
  close(fd);
  return answer;
}

Answer GiveFile(const std::vector<std::string>& arguments) {
  const auto uid = static_cast<uid_t>(strtoul(arguments[1].c_str(), nullptr, 10));
  const auto gid = static_cast<gid_t>(strtoul(arguments[2].c_str(), nullptr, 10));
  if (lchown(arguments[0].c_str(), uid, gid) != 0) return FromErrno(arguments[0]);
  return {};
}

}  // namespace lxcspec::probe
