// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/helper_program.h"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "runtime/base/text.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {
namespace {

// Files, not pipes: nobody has to read two of them at once.
std::string TextIn(const UniqueFd& file) {
  std::string text;
  std::array<char, 512> chunk;
  while (true) {
    const ssize_t count =
        pread(file.get(), chunk.data(), chunk.size(), static_cast<off_t>(text.size()));
    if (count <= 0) return std::string(Trim(text));
    text.append(chunk.data(), static_cast<size_t>(count));
  }
}

Result<int> Wait(pid_t child, const std::string& program) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return ErrnoFailure(fmt::format("wait for {}", program));
  }
  return status;
}

}  // namespace

Result<std::string> RunHelper(std::vector<std::string> words) {
  const UniqueFd output(memfd_create("output", MFD_CLOEXEC));
  const UniqueFd errors(memfd_create("errors", MFD_CLOEXEC));
  if (!output.valid() || !errors.valid()) return ErrnoFailure("memfd_create()");
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors.get(), STDERR_FILENO);
  pid_t child = -1;
  const int error =
      posix_spawnp(&child, words.front().c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return Failure(error, words.front());
  const auto status = Wait(child, words.front());
  if (!status) return Forward(status.error());
  if (WIFEXITED(*status) && WEXITSTATUS(*status) == 0) return TextIn(output);
  return Failure(EPERM, fmt::format("{}: {}", fmt::join(words, " "), TextIn(errors)));
}

}  // namespace lxcspec::runtime
