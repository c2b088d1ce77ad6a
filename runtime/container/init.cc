// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/init.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "runtime/container/reaper.h"
#include "runtime/container/setup/setup.h"
#include "runtime/extensions/core_scheduling.h"

namespace lxcspec::runtime {
namespace {

// What the report pipe carries: this byte right before exec, else a failure.
constexpr char kExecutes = 'X';

struct FailureRecord {
  char kind;
  int32_t code;
  char stage[16];
  char what[480];
};

constexpr char kFails = 'F';

void Put(const UniqueFd& pipe, const void* bytes, size_t size) {
  // No more than PIPE_BUF, so it is written whole. Without a reader there is nobody to tell.
  [[maybe_unused]] const ssize_t written = write(pipe.get(), bytes, size);
}

[[noreturn]] void Fail(const UniqueFd& pipe, std::string_view stage, const Error& error) {
  FailureRecord record{};
  record.kind = kFails;
  record.code = error.code;
  stage.copy(record.stage, sizeof(record.stage) - 1);
  error.attempted.copy(record.what, sizeof(record.what) - 1);
  Put(pipe, &record, sizeof(record));
  _exit(EXIT_FAILURE);
}

// Dies with the monitor from now on. The kernel forgets the wish when a process changes its ids.
Status DieWithMonitor(const InitContext& context) {
  if (prctl(PR_SET_PDEATHSIG, context.death_signal) != 0) {
    return ErrnoFailure("prctl(PR_SET_PDEATHSIG)");
  }
  // It may have ended before: then its end of the socket is closed.
  pollfd entry{.fd = context.socket.get(), .events = 0, .revents = 0};
  if (poll(&entry, 1, 0) > 0 && (entry.revents & POLLHUP) != 0) _exit(EXIT_FAILURE);
  return {};
}

Status AwaitGo(const InitContext& context) {
  char byte = 0;
  ssize_t count = -1;
  do {
    count = recv(context.socket.get(), &byte, sizeof(byte), 0);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return ErrnoFailure("recv()");
  // The monitor ended, or gave up.
  if (count == 0 || byte != kGo) _exit(EXIT_FAILURE);
  return {};
}

Status BecomeRoot() {
  // Where the right to set groups was given up for the right to map them, there are none to drop.
  if (setgroups(0, nullptr) != 0 && errno != EPERM) return ErrnoFailure("setgroups()");
  if (setresgid(0, 0, 0) != 0) return ErrnoFailure("setresgid(0)");
  if (setresuid(0, 0, 0) != 0) return ErrnoFailure("setresuid(0)");
  // Else its own files in /proc are another user's.
  if (prctl(PR_SET_DUMPABLE, 1) != 0) return ErrnoFailure("prctl(PR_SET_DUMPABLE)");
  return {};
}

Status PlaceStdio(const InitContext& context) {
  if (setsid() < 0) return ErrnoFailure("setsid()");
  if (context.console_peer < 0 && context.inherit_stdio) return {};
  const UniqueFd null(context.console_peer < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1);
  const int source = context.console_peer < 0 ? null.get() : context.console_peer;
  if (source < 0) return ErrnoFailure("open(/dev/null)");
  if (context.console_peer >= 0 && ioctl(source, TIOCSCTTY, 0) != 0) {
    return ErrnoFailure("ioctl(TIOCSCTTY)");
  }
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // `lxc-execute ... > file` means the file.
    if (context.inherit_stdio && isatty(fd) == 0) continue;
    if (dup2(source, fd) < 0) return ErrnoFailure(fmt::format("dup2({})", fd));
  }
  return {};
}

Status SayReady(const InitContext& context) {
  if (send(context.socket.get(), &kReady, sizeof(kReady), MSG_NOSIGNAL) < 0) {
    return ErrnoFailure("send()");
  }
  return AwaitGo(context);
}

Status EnterCgroups(const InitContext& context) {
  for (const UniqueFd& cgroup : context.cgroups) {
    if (write(cgroup.get(), "0", 1) < 0) return ErrnoFailure("write(tasks, 0)");
  }
  return {};
}

Status Begin(const SetupPlan& plan, const InitContext& context) {
  TRY(DieWithMonitor(context));
  TRY(AwaitGo(context));
  if (plan.has_user_namespace()) {
    TRY(BecomeRoot());
    TRY(DieWithMonitor(context));
  }
  if (plan.core_domain) TRY(MakeCoreDomain());
  if (context.unshare_cgroup && unshare(CLONE_NEWCGROUP) != 0) {
    return ErrnoFailure("unshare(CLONE_NEWCGROUP)");
  }
  return {};
}

Status Environment(const SetupPlan& plan, const InitContext& context, const ChildContext& child) {
  TRY(PlaceStdio(context));
  TRY(RunEnvironment(plan, child));
  return SayReady(context);
}

// Whether a filter can still be loaded once privileges were dropped. The later, the fewer calls
// that a policy must allow for the start's sake.
bool KeepsRightToFilter(const SetupPlan& plan) { return plan.no_new_privs || plan.uid == 0; }

Status RunCommand(const SetupPlan& plan, const InitContext& context,
                  const std::function<Status()>& restrict_calls) {
  const bool is_late = KeepsRightToFilter(plan);
  if (!is_late && restrict_calls) TRY(restrict_calls());
  TRY(DropPrivileges(plan));
  TRY(DieWithMonitor(context));
  if (context.is_application) TRY(BecomeReaper(context.hide_memory));
  Put(context.report, &kExecutes, sizeof(kExecutes));
  return Execute(plan, is_late ? restrict_calls : nullptr);
}

}  // namespace

void RunInit(const SetupPlan& plan, InitContext context) {
  const auto check = [&](std::string_view stage, const Status& status) {
    if (!status) Fail(context.report, stage, status.error());
  };
  const ChildContext child{.console_peer = context.console_peer,
                           .console_in_container = context.console_in_container,
                           .socket = context.socket.get(),
                           .id_mapper = context.id_mapper.valid() ? &context.id_mapper : nullptr,
                           .hook_output = [&](std::string_view line) {
                             const std::string text = fmt::format("{}\n", line);
                             Put(context.log, text.data(), text.size());
                           }};
  check("cgroups", EnterCgroups(context));
  check("clone", Begin(plan, context));
  check("mounts", RunMounts(plan, child));
  check("environment", Environment(plan, context, child));
  std::function<Status()> restrict_calls;
  if (context.restrict_calls) {
    restrict_calls = [&]() -> Status {
      check("seccomp", context.restrict_calls());
      return {};
    };
  }
  check("exec", RunCommand(plan, context, restrict_calls));
  _exit(EXIT_FAILURE);
}

InitReport ParseInitReport(const std::string& bytes) {
  // A failed exec comes after the byte that announced it.
  const size_t failure = bytes.find(kFails);
  if (failure != bytes.npos && bytes.size() - failure >= sizeof(FailureRecord)) {
    FailureRecord record{};
    memcpy(&record, bytes.data() + failure, sizeof(record));
    return {.executed = false,
            .stage = std::string(record.stage, strnlen(record.stage, sizeof(record.stage))),
            .error = {
                .code = record.code,
                .attempted = std::string(record.what, strnlen(record.what, sizeof(record.what)))}};
  }
  if (bytes == std::string(1, kExecutes)) return {.executed = true, .stage = "", .error = {}};
  return {.executed = false,
          .stage = "",
          .error = {.code = ECHILD, .attempted = "the container's init was killed"}};
}

}  // namespace lxcspec::runtime
