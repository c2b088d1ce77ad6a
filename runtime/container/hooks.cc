// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/hooks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "runtime/base/scope_exit.h"
#include "runtime/base/text.h"
#include "runtime/base/unique_fd.h"
#include "runtime/container/rootfs_mount.h"

namespace lxcspec::runtime {
namespace {

std::string First(const Config& config, std::string_view key) {
  const auto& values = config.Values(key);
  return values.empty() ? "" : values.front();
}

std::string WithoutKind(const std::string& path) {
  const size_t colon = path.find(':');
  return path.starts_with('/') || colon == path.npos ? path : path.substr(colon + 1);
}

// Sets a variable in a list of NAME=value.
void Put(std::vector<std::string>& environment, std::string_view name, std::string_view value) {
  const std::string prefix = fmt::format("{}=", name);
  std::erase_if(environment, [&](const std::string& one) { return one.starts_with(prefix); });
  environment.push_back(prefix + std::string(value));
}

std::vector<std::string> HookEnvironment(const HookContext& context, const HookRun& run) {
  std::vector<std::string> environment;
  for (char** one = environ; one != nullptr && *one != nullptr; ++one) environment.push_back(*one);
  for (const std::string& one : run.environment) {
    const size_t equals = std::min(one.find('='), one.size());
    Put(environment, one.substr(0, equals), one.substr(std::min(equals + 1, one.size())));
  }
  Put(environment, "LXC_CGNS_AWARE", "1");
  Put(environment, "LXC_NAME", context.name);
  Put(environment, "LXC_HOOK_VERSION", context.version == 0 ? "0" : "1");
  const std::array<std::pair<std::string_view, const std::string&>, 6> kOptional = {
      {{"LXC_CONFIG_FILE", context.config_file},
       {"LXC_ROOTFS_PATH", context.rootfs_path},
       {"LXC_ROOTFS_MOUNT", context.rootfs_mount},
       {"LXC_CONSOLE", context.console_path},
       {"LXC_CONSOLE_LOGPATH", context.console_log},
       {"LXC_LOG_LEVEL", context.log_level}}};
  for (const auto& [name, value] : kOptional) {
    if (!value.empty()) Put(environment, name, value);
  }
  if (context.version != 0) {
    Put(environment, "LXC_HOOK_TYPE", run.type);
    Put(environment, "LXC_HOOK_SECTION", run.section);
  }
  return environment;
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Starts the command with its standard output going to `output`.
Result<pid_t> Spawn(std::vector<std::string> arguments, std::vector<std::string> environment,
                    int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  const ScopeExit destroy([&] {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  });
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  // Not every container has a /dev/null when its hooks run.
  if (access("/dev/null", R_OK) == 0) {
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  pid_t child = -1;
  const int error = posix_spawn(&child, "/bin/sh", &actions, &attributes,
                                Pointers(arguments).data(), Pointers(environment).data());
  if (error != 0) return Failure(error, "posix_spawn(/bin/sh)");
  return child;
}

// Hands on the lines that come out of a pipe until its other end is closed; returns the last one.
std::string ReadLines(int pipe, const std::function<void(std::string_view)>& output) {
  std::string last;
  std::string pending;
  const auto deliver = [&](std::string_view line) {
    last = line;
    if (output) output(line);
  };
  std::array<char, 4096> chunk;
  while (true) {
    const ssize_t count = read(pipe, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    pending.append(chunk.data(), static_cast<size_t>(count));
    size_t newline = 0;
    while ((newline = pending.find('\n')) != pending.npos) {
      deliver(pending.substr(0, newline));
      pending.erase(0, newline + 1);
    }
    // A line without an end is delivered in pieces.
    if (pending.size() >= chunk.size()) deliver(std::exchange(pending, {}));
  }
  if (!pending.empty()) deliver(pending);
  return last;
}

}  // namespace

HookContext MakeHookContext(const Config& config, const std::string& name,
                            const std::string& config_file) {
  return {.name = name,
          .config_file = config_file,
          .rootfs_path = WithoutKind(First(config, "lxc.rootfs.path")),
          .rootfs_mount = RootfsMountPoint(config),
          .console_path = First(config, "lxc.console.path"),
          .console_log = First(config, "lxc.console.logfile"),
          .log_level = First(config, "lxc.log.level"),
          .version = First(config, "lxc.hook.version") == "1" ? 1 : 0};
}

Status RunHook(const HookContext& context, const std::string& command, const HookRun& run) {
  // The shell appends what follows the command to it, word by word.
  std::vector<std::string> arguments = {"sh", "-c", command + " \"$@\"", "sh"};
  if (context.version == 0) {
    for (const std::string& one : {context.name, run.section, run.type}) arguments.push_back(one);
  }
  arguments.insert(arguments.end(), run.arguments.begin(), run.arguments.end());

  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return ErrnoFailure("pipe2");
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const std::string what = fmt::format(
      "{}.{} \"{}\"", run.section == "net" ? "lxc.net script" : "lxc.hook", run.type, command);
  const auto child = Spawn(std::move(arguments), HookEnvironment(context, run), writer.get());
  writer = UniqueFd();
  if (!child) {
    return Failure(child.error().code, fmt::format("{}: {}", what, child.error().attempted));
  }

  const std::string last = ReadLines(reader.get(), run.output);
  int status = 0;
  while (waitpid(*child, &status, 0) < 0) {
    if (errno != EINTR) return ErrnoFailure(fmt::format("{}: waitpid", what));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const std::string how = WIFSIGNALED(status)
                              ? fmt::format("was killed by signal {}", WTERMSIG(status))
                              : fmt::format("exited with {}", WEXITSTATUS(status));
  return Failure(ECANCELED, fmt::format("{} {}{}{}", what, how, last.empty() ? "" : ": ", last));
}

Status RunHooks(const HookContext& context, const std::vector<std::string>& commands,
                const HookRun& run) {
  for (const std::string& command : commands) TRY(RunHook(context, command, run));
  return {};
}

}  // namespace lxcspec::runtime
