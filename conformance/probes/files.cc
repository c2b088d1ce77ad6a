// SPDX-License-Identifier: Apache-2.0

#include "conformance/probes/files.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace lxcspec::probe {
namespace {

constexpr mode_t kFolderMode = 0755;
constexpr mode_t kFileMode = 0644;

Answer FromErrno(const std::string& path) { return {.error = errno, .text = path}; }

bool WriteTo(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(fd);
  return written;
}

}  // namespace

Answer OwnerOf(const std::vector<std::string>& arguments) {
  struct stat found = {};
  if (lstat(arguments[0].c_str(), &found) != 0) return FromErrno(arguments[0]);
  return {.error = 0, .text = std::to_string(found.st_uid) + " " + std::to_string(found.st_gid)};
}

Answer OwnerInUserNamespace(const std::vector<std::string>& arguments) {
  int pipes[2][2];
  if (pipe2(pipes[0], O_CLOEXEC) != 0 || pipe2(pipes[1], O_CLOEXEC) != 0) return FromErrno("pipe2");
  const pid_t child = fork();
  if (child < 0) return FromErrno("fork");
  char byte = 'x';
  if (child == 0) {
    // Made, told, mapped, seen: exits with an errno, or writes what it saw.
    if (unshare(CLONE_NEWUSER) != 0 || write(pipes[0][1], &byte, 1) != 1) _exit(errno);
    close(pipes[1][1]);
    if (read(pipes[1][0], &byte, 1) != 1) _exit(EPIPE);
    const Answer seen = OwnerOf(arguments);
    if (seen.error != 0) _exit(seen.error);
    const auto size = static_cast<ssize_t>(seen.text.size());
    _exit(write(pipes[0][1], seen.text.data(), seen.text.size()) == size ? 0 : EPIPE);
  }
  close(pipes[0][1]);
  close(pipes[1][0]);
  const std::string process = "/proc/" + std::to_string(child) + "/";
  const std::string map = "0 " + arguments[1] + " 1";
  const bool mapped = read(pipes[0][0], &byte, 1) == 1 && WriteTo(process + "uid_map", map) &&
                      WriteTo(process + "gid_map", map) && write(pipes[1][1], &byte, 1) == 1;
  const int error = errno;
  close(pipes[1][1]);
  char text[64];
  const ssize_t got = mapped ? read(pipes[0][0], text, sizeof(text)) : 0;
  close(pipes[0][0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!mapped) return {.error = error, .text = process};
  if (got <= 0) return {.error = WEXITSTATUS(status), .text = arguments[0]};
  return {.error = 0, .text = std::string(text, static_cast<size_t>(got))};
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
