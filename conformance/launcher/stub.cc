// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/stub.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>

#include "conformance/launcher/audit.h"
#include "conformance/launcher/file_io.h"
#include "conformance/launcher/leak_policy.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec::launcher {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

constexpr size_t kMostLeaks = 200;
constexpr int kBetweenLooksMs = 10;

void Report(const StubTask& task, const json& record) {
  const std::string line = record.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  (void)WriteAll(task.report, line, "report");
}

[[noreturn]] void GiveUp(const StubTask& task, const std::string& error) {
  Report(task, {{"stage", "failed"}, {"error", error}});
  _exit(1);
}

// Closes what the launcher had open but for the descriptors of the task.
void CloseOthers(const StubTask& task) {
  std::array keep = {task.output, task.error_output, task.result, task.report, task.lifeline};
  std::sort(keep.begin(), keep.end());
  unsigned first = 0;
  for (const int fd : keep) {
    if (fd < 0) continue;
    if (static_cast<unsigned>(fd) > first) close_range(first, static_cast<unsigned>(fd) - 1, 0);
    first = static_cast<unsigned>(fd) + 1;
  }
  close_range(first, ~0U, 0);
}

// The descriptors come from the launcher above 3 (see CloseOthers), so dup2() overwrites none that
// is still needed.
[[noreturn]] void RunSuite(const StubTask& task, const BecomeSuite& become, int failed_fd) {
  const int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  setsid();
  umask(022);
  rlimit limit{};
  setrlimit(RLIMIT_CORE, &limit);
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = std::min<rlim_t>(1024, limit.rlim_max);
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (null_fd >= 0) dup2(null_fd, 0);
  dup2(task.output, 1);
  dup2(task.error_output, 2);
  if (task.result >= 0) dup2(task.result, kResultFd);
  const std::string error = become().ToString();
  [[maybe_unused]] const ssize_t told = write(failed_fd, error.data(), error.size());
  _exit(127);
}

class Reaper {
 public:
  Reaper(const StubTask& task, int child_signals) : task_(task), child_signals_(child_signals) {}

  // Reaps until `pid` has ended, and returns its status.
  int AwaitTest(pid_t pid) {
    std::optional<int> status;
    while (!status) {
      ReapAll([&](pid_t ended, int how) {
        if (ended == pid) status = how;
      });
      if (!status) AwaitChange(-1);
    }
    return *status;
  }

  // Reaps until no process is left or the time is over. Every orphan of the namespace becomes a
  // child of this process, so without children there are no processes.
  bool AwaitAllGone(Clock::time_point until) {
    while (!ReapAll([](pid_t, int) {})) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
      if (left <= 0) return false;
      AwaitChange(static_cast<int>(left));
    }
    return true;
  }

  // Until a child ends, or that many milliseconds.
  void AwaitChange(int timeout_ms) {
    std::array<pollfd, 2> fds = {
        {{.fd = child_signals_, .events = POLLIN}, {.fd = task_.lifeline, .events = 0}}};
    if (poll(fds.data(), fds.size(), timeout_ms) <= 0) return;
    if (fds[1].revents != 0) _exit(1);  // the launcher is gone
    signalfd_siginfo info;
    (void)!read(child_signals_, &info, sizeof(info));
  }

 private:
  // Returns whether no child is left.
  template <typename Function>
  bool ReapAll(Function on_end) {
    for (;;) {
      int status = 0;
      const pid_t ended = waitpid(-1, &status, WNOHANG | __WALL);
      if (ended > 0) {
        on_end(ended, status);
      } else if (ended == 0) {
        return false;
      } else if (errno != EINTR) {
        return true;
      }
    }
  }

  const StubTask& task_;
  int child_signals_;
};

std::vector<Leak> Audit(const StubTask& task, Reaper& reaper, const Snapshot& before) {
  std::vector<Leak> leaks;
  if (!reaper.AwaitAllGone(Clock::now() + task.grace)) {
    leaks = RunningProcesses();
    // Their mounts and cgroups are looked at when they can make no more.
    kill(-1, SIGKILL);
    reaper.AwaitAllGone(Clock::now() + task.grace);
  }
  std::vector<Leak> more = Difference(before, TakeSnapshot(task.sandbox->layout));
  // The kernel destroys a network namespace, and with it its end of each pair, some time after the
  // last process has left it.
  const auto patience = Clock::now() + task.grace;
  const auto has_device = [](const Leak& leak) { return leak.leak_class == "netdev"; };
  while (std::any_of(more.begin(), more.end(), has_device) && Clock::now() < patience) {
    reaper.AwaitChange(kBetweenLooksMs);
    more = Difference(before, TakeSnapshot(task.sandbox->layout));
  }
  leaks.insert(leaks.end(), more.begin(), more.end());
  leaks = Normalised(WithoutAllowedResidue(std::move(leaks)));
  if (leaks.size() > kMostLeaks) leaks.resize(kMostLeaks);
  return leaks;
}

// What only the test needs: its pipes and sockets end with the last of its own processes.
void CloseTestsEnds(const StubTask& task) {
  for (const int fd : {task.output, task.error_output, task.result}) {
    if (fd >= 0) close(fd);
  }
}

void RequireBegun(const StubTask& task, const UniqueFd& failed) {
  char error[1024];
  ssize_t got = 0;
  do {
    got = read(failed.get(), error, sizeof(error));
  } while (got < 0 && errno == EINTR);
  if (got > 0) GiveUp(task, std::string(error, static_cast<size_t>(got)));
}

[[noreturn]] void RunStub(const StubTask& task, const BecomeSuite& become) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, "lxcspec-stub");
  signal(SIGPIPE, SIG_IGN);
  CloseOthers(task);
  // The launcher may have died before the kernel was asked to tell.
  pollfd lifeline{.fd = task.lifeline, .events = 0, .revents = 0};
  if (poll(&lifeline, 1, 0) != 0) _exit(1);
  // The launcher's descriptors left 0 to 3 unused, which the loops above have closed.
  for (int number = 0; number <= kResultFd; ++number) (void)!open("/dev/null", O_RDWR | O_CLOEXEC);

  if (auto entered = EnterSandbox(*task.sandbox, task.cgroup); !entered) {
    GiveUp(task, entered.error().ToString());
  }
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, nullptr);
  const UniqueFd child_signals(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  int failed[2];
  if (!child_signals || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, failed) != 0)
    GiveUp(task, "signalfd() or socketpair() failed");
  UniqueFd failed_read(failed[0]);
  UniqueFd failed_write(failed[1]);

  const Snapshot before = task.audit ? TakeSnapshot(task.sandbox->layout) : Snapshot();
  Report(task, {{"stage", "started"}});
  const pid_t test = fork();
  if (test < 0) GiveUp(task, ErrnoError("fork()").ToString());
  if (test == 0) RunSuite(task, become, failed_write.get());
  failed_write.Reset();
  CloseTestsEnds(task);
  RequireBegun(task, failed_read);
  failed_read.Reset();

  Reaper reaper(task, child_signals.get());
  const int status = reaper.AwaitTest(test);
  Report(task, {{"stage", "ended"}, {"status", status}});
  // What a crash leaves says nothing about how the testee cleans up, so it is not audited.
  if (task.audit && WIFEXITED(status)) {
    json leaks = json::array();
    for (const Leak& leak : Audit(task, reaper, before)) {
      leaks.push_back({{"class", leak.leak_class}, {"what", leak.what}});
    }
    Report(task, {{"stage", "audited"}, {"leaks", leaks}});
  }
  _exit(0);
}

}  // namespace

Result<Stub> CloneStub(const StubTask& task, const BecomeSuite& become, uint64_t flags) {
  int pidfd = -1;
  clone_args args{};
  args.flags = static_cast<uint64_t>(kSandboxNamespaces) | CLONE_PIDFD | flags;
  args.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  // A child of the caller's parent ends as the caller does.
  args.exit_signal = (flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD;
  const auto pid = static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof(args)));
  if (pid < 0) return FailErrno("clone3(CLONE_NEWPID | …)");
  if (pid == 0) RunStub(task, become);
  return Stub{pid, UniqueFd(pidfd)};
}

}  // namespace lxcspec::launcher
