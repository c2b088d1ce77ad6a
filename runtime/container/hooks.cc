// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/hooks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
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
#include "runtime/extensions/environment_runtime_hooks.h"
#include "runtime/kernel/pidfd.h"

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

void Put(std::vector<std::string>& environment, std::string_view name, std::string_view value) {
  PutVariable(environment, fmt::format("{}={}", name, value));
}

std::vector<std::string> HookEnvironment(const HookContext& context, const HookRun& run) {
  std::vector<std::string> environment;
  for (char** one = environ; one != nullptr && *one != nullptr; ++one) environment.push_back(*one);
  // environment_runtime_hooks.hooks
  for (const std::string& one : context.variables) PutVariable(environment, one);
  for (const std::string& one : run.environment) PutVariable(environment, one);
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
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);

  pid_t child = -1;
  const int error = posix_spawn(&child, "/bin/sh", &actions, &attributes,
                                Pointers(arguments).data(), Pointers(environment).data());
  if (error != 0) return Failure(error, "posix_spawn(/bin/sh)");
  return child;
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
          .version = First(config, "lxc.hook.version") == "1" ? 1 : 0,
          .variables = HookVariables(ReadEnvironmentKeys(config))};
}

Result<RunningHook> RunningHook::Start(const HookContext& context, const std::string& command,
                                       const HookRun& run) {
  // The shell appends what follows the command to it, word by word.
  std::vector<std::string> arguments = {"sh", "-c", command + " \"$@\"", "sh"};
  if (context.version == 0) {
    for (const std::string& one : {context.name, run.section, run.type}) arguments.push_back(one);
  }
  arguments.insert(arguments.end(), run.arguments.begin(), run.arguments.end());

  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return ErrnoFailure("pipe2");
  RunningHook hook;
  hook.output_ = UniqueFd(ends[0]);
  const UniqueFd writer(ends[1]);
  hook.what_ = fmt::format("{}.{} \"{}\"", run.section == "net" ? "lxc.net script" : "lxc.hook",
                           run.type, command);
  hook.on_line_ = run.output;
  if (fcntl(hook.output_.get(), F_SETFL, O_NONBLOCK) != 0) return ErrnoFailure("fcntl(O_NONBLOCK)");
  const auto child = Spawn(std::move(arguments), HookEnvironment(context, run), writer.get());
  if (!child) {
    return Failure(child.error().code, fmt::format("{}: {}", hook.what_, child.error().attempted));
  }
  hook.pid_ = *child;
  auto pidfd = OpenPidfd(*child);
  if (!pidfd) {
    hook.Kill();
    while (waitpid(*child, nullptr, 0) < 0 && errno == EINTR) {
    }
    return Forward(std::move(pidfd).error());
  }
  hook.pidfd_ = *std::move(pidfd);
  return hook;
}

void RunningHook::Deliver(std::string_view line) {
  last_ = line;
  if (on_line_) on_line_(line);
}

bool RunningHook::ReadOutput() {
  std::array<char, 4096> chunk;
  while (true) {
    const ssize_t count = read(output_.get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return true;
    if (count <= 0) return false;
    pending_.append(chunk.data(), static_cast<size_t>(count));
    size_t newline = 0;
    while ((newline = pending_.find('\n')) != pending_.npos) {
      Deliver(pending_.substr(0, newline));
      pending_.erase(0, newline + 1);
    }
    // A line without an end is delivered in pieces.
    if (pending_.size() >= chunk.size()) Deliver(std::exchange(pending_, {}));
    // Who prints without end must not keep this process from all else.
    if (static_cast<size_t>(count) == chunk.size()) return true;
  }
}

void RunningHook::Kill() const {
  kill(-pid_, SIGKILL);
  kill(pid_, SIGKILL);
}

Status RunningHook::Finish() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) return ErrnoFailure(fmt::format("{}: waitpid", what_));
  }
  // A pipe holds no more than this many chunks.
  constexpr int kMostChunks = 256;
  for (int i = 0; i < kMostChunks && ReadOutput(); ++i) {
    pollfd entry{.fd = output_.get(), .events = POLLIN, .revents = 0};
    if (poll(&entry, 1, 0) <= 0) break;
  }
  if (!pending_.empty()) Deliver(std::exchange(pending_, {}));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const std::string how = WIFSIGNALED(status)
                              ? fmt::format("was killed by signal {}", WTERMSIG(status))
                              : fmt::format("exited with {}", WEXITSTATUS(status));
  return Failure(ECANCELED, fmt::format("{} {}{}{}", what_, how, last_.empty() ? "" : ": ", last_));
}

Status RunHook(const HookContext& context, const std::string& command, const HookRun& run) {
  auto hook = RunningHook::Start(context, command, run);
  if (!hook) return Forward(std::move(hook).error());
  bool prints = true;
  while (true) {
    std::array<pollfd, 2> entries{
        {{.fd = hook->pidfd().get(), .events = POLLIN, .revents = 0},
         {.fd = prints ? hook->output().get() : -1, .events = POLLIN, .revents = 0}}};
    if (poll(entries.data(), entries.size(), -1) < 0 && errno != EINTR) {
      const int code = errno;
      hook->Kill();
      static_cast<void>(hook->Finish());
      return Failure(code, "poll()");
    }
    if (entries[0].revents != 0) return hook->Finish();
    if (entries[1].revents != 0) prints = hook->ReadOutput();
  }
}

Status RunHooks(const HookContext& context, const std::vector<std::string>& commands,
                const HookRun& run) {
  for (const std::string& command : commands) TRY(RunHook(context, command, run));
  return {};
}

}  // namespace lxcspec::runtime
