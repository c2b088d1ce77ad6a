// SPDX-License-Identifier: Apache-2.0
//
// Members that run something in a running container.

#include "runtime/api/attach_members.h"

#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/api/acting.h"
#include "runtime/api/handle.h"
#include "runtime/api/members.h"
#include "runtime/container/attach/attach.h"
#include "runtime/container/attach/running.h"

namespace lxcspec::runtime {
namespace {

// enum of attach_options.h: LXC_ATTACH_*.
constexpr int kMoveToCgroup = 0x1;
constexpr int kDropCapabilities = 0x2;
constexpr int kSetPersonality = 0x4;
constexpr int kLabelsOnExec = 0x8;
constexpr int kRemountProcSys = 0x10000;
constexpr int kLabelsNow = 0x20000;
constexpr int kNoNewPrivs = 0x40000;
constexpr int kTerminal = 0x80000;
constexpr int kOwnLabel = 0x100000;
constexpr int kSetGroups = 0x200000;
constexpr int kKeepEnvironment = 0;

// As a shell has them: sh(1).
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

std::vector<std::string> List(char* const* texts) {
  std::vector<std::string> list;
  for (; texts != nullptr && *texts != nullptr; ++texts) list.emplace_back(*texts);
  return list;
}

// NULL stands for LXC_ATTACH_OPTIONS_DEFAULT.
AttachRequest RequestOf(const abi::AttachOptions* options) {
  AttachRequest request;
  if (options == nullptr) return request;
  const int flags = options->attach_flags;
  if (options->namespaces != -1) {
    request.namespaces = static_cast<uint64_t>(static_cast<unsigned>(options->namespaces));
  }
  request.move_to_cgroup = (flags & kMoveToCgroup) != 0;
  request.drop_capabilities = (flags & kDropCapabilities) != 0;
  request.set_personality = (flags & kSetPersonality) != 0;
  request.remount_proc_and_sys = (flags & kRemountProcSys) != 0;
  request.no_new_privs = (flags & kNoNewPrivs) != 0;
  request.labels = LabelTaking::kNever;
  if ((flags & (kLabelsNow | kOwnLabel)) != 0) request.labels = LabelTaking::kNow;
  // As in liblxc, who asks for both gets the one at the exec.
  if ((flags & kLabelsOnExec) != 0) request.labels = LabelTaking::kNextExec;
  if ((flags & kOwnLabel) != 0) request.label = Maybe(options->lsm_label);
  if (options->personality != -1) {
    request.personality = static_cast<unsigned long>(options->personality);
  }
  request.working_folder = Maybe(options->initial_cwd);
  if (options->uid != static_cast<uid_t>(-1)) request.uid = options->uid;
  if (options->gid != static_cast<gid_t>(-1)) request.gid = options->gid;
  // Older clients' structs end before the groups.
  if ((flags & kSetGroups) != 0 && options->groups.list != nullptr) {
    request.groups.emplace(options->groups.list, options->groups.list + options->groups.size);
  }
  request.keep_environment = options->env_policy == kKeepEnvironment;
  request.extra_variables = List(options->extra_env_vars);
  request.kept_variables = List(options->extra_keep_env);
  request.standard = {options->stdin_fd, options->stdout_fd, options->stderr_fd};
  return request;
}

// The attached process's number, or -1.
pid_t AttachTo(abi::Container* client, const AttachRequest& request,
               const abi::AttachOptions* options) {
  const bool on_terminal = options != nullptr && (options->attach_flags & kTerminal) != 0;
  pid_t attached = -1;
  Act(client, "attach", [&](Handle&, const Target& target) -> Status {
    const auto done = on_terminal ? AttachOnTerminal(target.place, request, target.patience)
                                  : AttachToRunning(target.place, request, target.patience);
    if (!done) return Forward(done.error());
    attached = *done;
    return {};
  });
  return attached;
}

int Attach(abi::Container* client, abi::AttachFunction function, void* payload,
           abi::AttachOptions* options, pid_t* attached) {
  if (client == nullptr || function == nullptr || attached == nullptr) {
    errno = EINVAL;
    return -1;
  }
  AttachRequest request = RequestOf(options);
  request.function = [=] { return function(payload); };
  *attached = AttachTo(client, request, options);
  return *attached > 0 ? 0 : -1;
}

int RunAndWait(abi::Container* client, abi::AttachOptions* options, const char* program,
               const char* const argv[]) {
  if (client == nullptr || program == nullptr || argv == nullptr) {
    errno = EINVAL;
    return -1;
  }
  AttachRequest request = RequestOf(options);
  request.function = [=] { return ExecuteCommand(program, const_cast<char* const*>(argv)); };
  const pid_t attached = AttachTo(client, request, options);
  if (attached <= 0) return -1;
  int status = 0;
  while (waitpid(attached, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return status;
}

int RunListAndWait(abi::Container* client, abi::AttachOptions* options, const char* program,
                   const char* argument, ...) {
  std::vector<const char*> arguments;
  va_list list;
  va_start(list, argument);
  for (const char* one = argument; one != nullptr; one = va_arg(list, const char*)) {
    arguments.push_back(one);
  }
  va_end(list);
  arguments.push_back(nullptr);
  return RunAndWait(client, options, program, arguments.data());
}

}  // namespace

int ExecuteCommand(const char* program, char* const argv[]) {
  execvp(program, argv);
  return errno == ENOENT ? kNotFound : kNotExecutable;
}

int ExecuteShell() {
  // The container's own list: what the host's name services say is about others.
  std::string shell = "/bin/sh";
  if (FILE* list = fopen("/etc/passwd", "re")) {
    while (const passwd* entry = fgetpwent(list)) {
      if (entry->pw_uid != getuid()) continue;
      if (entry->pw_shell != nullptr && *entry->pw_shell != '\0') shell = entry->pw_shell;
      break;
    }
    fclose(list);
  }
  const std::array<char*, 2> argv = {shell.data(), nullptr};
  execvp(shell.c_str(), argv.data());
  std::string last = "/bin/sh";
  const std::array<char*, 2> fallback = {last.data(), nullptr};
  return ExecuteCommand(last.c_str(), fallback.data());
}

void SetAttachMembers(abi::Container& members) {
  members.attach = Attach;
  members.attach_run_wait = RunAndWait;
  members.attach_run_waitl = RunListAndWait;
}

}  // namespace lxcspec::runtime
