// SPDX-License-Identifier: Apache-2.0

#include "conformance/probes/children.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <map>
#include <utility>

#include "conformance/probes/message.h"
#include "conformance/probes/signals.h"

namespace lxcspec::probe {
namespace {

// Process id to the end of the pipe that its answer comes through.
std::map<pid_t, int>& Children() {
  static std::map<pid_t, int> children;
  return children;
}

[[noreturn]] void ChildMain(const std::vector<std::string>& words, int pipe) {
  for (const auto& [pid, fd] : Children()) close(fd);
  const Answer answer = RunCommand(words);
  const std::string message = JoinWords({std::to_string(answer.error), answer.text});
  const ssize_t written = write(pipe, message.data(), message.size());
  _exit(written == static_cast<ssize_t>(message.size()) ? 0 : 1);
}

std::string ReadAll(int fd) {
  std::string text;
  char buffer[4096];
  while (true) {
    const ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer, static_cast<size_t>(got));
  }
}

std::string Describe(int status) {
  if (WIFSIGNALED(status)) return "killed by signal " + std::to_string(WTERMSIG(status));
  return "ended with " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Answer StartInChild(const std::vector<std::string>& words) {
  int pipe[2];
  if (pipe2(pipe, O_CLOEXEC) != 0) return {.error = errno, .text = "pipe2"};
  const pid_t child = fork();
  if (child == 0) {
    close(pipe[0]);
    ChildMain(words, pipe[1]);
  }
  close(pipe[1]);
  if (child < 0) {
    const int error = errno;
    close(pipe[0]);
    return {.error = error, .text = "fork"};
  }
  Children()[child] = pipe[0];
  return {.error = 0, .text = std::to_string(child)};
}

Answer AwaitChild(const std::vector<std::string>& arguments) {
  const auto found = Children().find(atoi(arguments[0].c_str()));
  if (found == Children().end()) return {.error = ECHILD, .text = "no child " + arguments[0]};
  const auto [pid, pipe] = *found;
  Children().erase(found);
  const std::string message = ReadAll(pipe);
  close(pipe);
  const int status = AwaitEnd(pid);
  const std::vector<std::string> words = SplitWords(message);
  if (words.size() != 2) return {.error = 0, .text = Describe(status)};
  return {.error = atoi(words[0].c_str()), .text = words[1]};
}

Answer RunInChild(const std::vector<std::string>& words) {
  const Answer started = StartInChild(words);
  return started.error != 0 ? started : AwaitChild({started.text});
}

}  // namespace lxcspec::probe
