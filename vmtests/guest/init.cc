// SPDX-License-Identifier: Apache-2.0
//
// Process 1 of a guest: prepares the machine, runs the job, sends the results as they arise, and
// powers off. It speaks to the host over three serial ports: the kernel's console, the results, and
// JSON lines about itself (kControlPort).

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"
#include "vmtests/guest/job.h"
#include "vmtests/guest/port.h"
#include "vmtests/guest/results_stream.h"
#include "vmtests/guest/root.h"

namespace lxcspec::guest {
namespace {

using nlohmann::json;

constexpr char kConsole[] = "/dev/ttyS0";

double Uptime() {
  timespec now = {};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

Status WriteFile(const char* path, std::string_view text) {
  UniqueFd fd(open(path, O_WRONLY | O_CLOEXEC));
  if (!fd) return FailErrno(std::string("open(") + path + ")");
  if (write(fd.get(), text.data(), text.size()) < 0) {
    return FailErrno(std::string("write(") + path + ")");
  }
  return {};
}

// Takes memory until the kernel has killed everybody else for it, and then this process.
[[noreturn]] void EatMemory() {
  (void)WriteFile("/proc/self/oom_score_adj", "-999");
  constexpr size_t kStep = size_t{1} << 20;
  while (true) {
    void* memory = mmap(nullptr, kStep, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) _exit(1);
  }
}

class Init {
 public:
  Init(Port control, Port results) : control_(std::move(control)), results_(std::move(results)) {}

  // Returns when the job's command has ended and everything is with the host.
  Status Run();

  void Tell(const char* event, json fields) {
    fields["event"] = event;
    fields["uptime"] = Uptime();
    // Nobody is left to hear about a control port that fails.
    (void)control_.Send(fields.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
    (void)control_.Drain();
  }

 private:
  void LoadModules();
  Status StartCommand();
  Status Watch(ResultsStream& stream);
  Status Pump(ResultsStream& stream);
  void ForwardOutput();
  void OnTestStart(const Start& start);
  // The command's wait status once it has ended.
  std::optional<int> Reap();

  Port control_;
  Port results_;
  Job job_;
  UniqueFd output_;
  pid_t command_ = -1;
};

void Init::LoadModules() {
  for (const std::string& path : job_.modules) {
    UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd || syscall(SYS_finit_module, fd.get(), "", 0) != 0) {
      // A need that lacks its module is reported as absent by the suite; this says why.
      if (errno != EEXIST) Tell("module", {{"path", path}, {"error", ErrnoName(errno)}});
    }
  }
}

Status Init::StartCommand() {
  std::array<int, 2> ends = {};
  if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return FailErrno("pipe2()");
  output_ = UniqueFd(ends[0]);
  UniqueFd write_end(ends[1]);
  std::vector<char*> arguments;
  for (std::string& word : job_.command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::vector<char*> environment;
  for (std::string& word : job_.environment) environment.push_back(word.data());
  environment.push_back(nullptr);

  command_ = fork();
  if (command_ < 0) return FailErrno("fork()");
  if (command_ == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    setsid();
    fcntl(write_end.get(), F_SETFL, 0);
    // Of a leader of a session without a terminal the console becomes the terminal.
    const int in = open(job_.on_console ? kConsole : "/dev/null", O_RDWR);
    const int out = job_.on_console ? in : write_end.get();
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    if (in > STDERR_FILENO) close(in);
    execve(arguments[0], arguments.data(), environment.data());
    dprintf(STDERR_FILENO, "execve(%s): %m\n", arguments[0]);
    _exit(127);
  }
  return {};
}

void Init::OnTestStart(const Start& start) {
  // The console is written at once, the other ports when their interrupts come. So the name is with
  // the host even if the test crashes the kernel right now, and stands between the kernel's own
  // messages.
  (void)WriteFile("/dev/kmsg",
                  "<5>lxcspec: start " + start.test + " " + std::to_string(start.iteration) + "\n");
  if (job_.sabotage.act == Sabotage::Act::kNone || job_.sabotage.test != start.test) return;
  switch (job_.sabotage.act) {
    case Sabotage::Act::kNone:
      break;
    case Sabotage::Act::kPanic:
      (void)WriteFile("/proc/sysrq-trigger", "c");
      break;
    case Sabotage::Act::kHang:
      kill(-1, SIGSTOP);
      while (true) pause();
    case Sabotage::Act::kStall:
      kill(-1, SIGSTOP);
      break;
    case Sabotage::Act::kSplat:
      (void)WriteFile("/dev/kmsg",
                      "<4>WARNING: CPU: 0 PID: 1 at lxcspec/sabotage.c:1 init+0x0/0x0\n");
      break;
    case Sabotage::Act::kReboot:
      (void)WriteFile("/proc/sysrq-trigger", "b");
      break;
    case Sabotage::Act::kMemory:
      if (fork() == 0) EatMemory();
      break;
  }
}

Status Init::Pump(ResultsStream& stream) {
  return stream.Pump([this](std::string_view bytes) { return results_.Send(bytes); },
                     [this](const Start& start) { OnTestStart(start); });
}

void Init::ForwardOutput() {
  std::array<char, 4096> buffer = {};
  ssize_t size = 0;
  while ((size = read(output_.get(), buffer.data(), buffer.size())) > 0) {
    Tell("output", {{"text", std::string(buffer.data(), static_cast<size_t>(size))}});
  }
}

std::optional<int> Init::Reap() {
  std::optional<int> ended;
  int status = 0;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid == command_) ended = status;
  }
  return ended;
}

Status Init::Watch(ResultsStream& stream) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, nullptr);
  UniqueFd signals(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) return FailErrno("signalfd()");
  UniqueFd heartbeat(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!heartbeat) return FailErrno("timerfd_create()");
  const timespec period = {.tv_sec = job_.heartbeat_ms / 1000,
                           .tv_nsec = job_.heartbeat_ms % 1000 * 1000000L};
  const itimerspec timer = {.it_interval = period, .it_value = period};
  if (timerfd_settime(heartbeat.get(), 0, &timer, nullptr) != 0)
    return FailErrno("timerfd_settime()");
  // A test that crashes the kernel may do so right after its start record was written. Above
  // everything else, init runs as soon as there is something to send.
  const sched_param priority = {.sched_priority = 50};
  if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority) != 0) {
    return FailErrno("sched_setscheduler(SCHED_FIFO)");
  }

  RETURN_IF_ERROR(StartCommand());
  while (true) {
    std::array<pollfd, 4> waits = {{{signals.get(), POLLIN, 0},
                                    {heartbeat.get(), POLLIN, 0},
                                    {stream.fd(), POLLIN, 0},
                                    {output_.get(), POLLIN, 0}}};
    if (poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return FailErrno("poll()");
    RETURN_IF_ERROR(Pump(stream));
    if ((waits[3].revents & POLLIN) != 0) ForwardOutput();
    // When every writer is gone the pipe would report its end for ever.
    if ((waits[3].revents & (POLLIN | POLLHUP)) == POLLHUP) output_.Reset();
    uint64_t beats = 0;
    if (read(heartbeat.get(), &beats, sizeof(beats)) > 0) Tell("alive", {{"sent", stream.sent()}});
    signalfd_siginfo info = {};
    while (read(signals.get(), &info, sizeof(info)) > 0) {
    }
    if (const std::optional<int> status = Reap()) {
      RETURN_IF_ERROR(Pump(stream));
      RETURN_IF_ERROR(results_.Drain());
      if (output_) ForwardOutput();
      json fields = {{"sent", stream.sent()}};
      if (WIFSIGNALED(*status)) {
        fields["signal"] = WTERMSIG(*status);
      } else {
        fields["code"] = WEXITSTATUS(*status);
      }
      Tell("exited", fields);
      return {};
    }
  }
}

Status Init::Run() {
  utsname name = {};
  uname(&name);
  Tell("booted", {{"kernel", name.release}});
  ASSIGN_OR_RETURN(job_, ReadJob(kJobPath));
  RETURN_IF_ERROR(MountCgroups(job_.cgroup));
  LoadModules();
  RETURN_IF_ERROR(RaiseLoopback());
  constexpr std::string_view kHostname = "lxcspec";
  if (sethostname(kHostname.data(), kHostname.size()) != 0) return FailErrno("sethostname()");
  // What a service manager gives a service on an ordinary machine.
  const rlimit files = {.rlim_cur = 1024, .rlim_max = 524288};
  if (setrlimit(RLIMIT_NOFILE, &files) != 0) return FailErrno("setrlimit(RLIMIT_NOFILE)");
  umask(022);
  if (job_.command.empty()) {
    Tell("exited", {{"sent", 0}, {"code", 0}});
    return {};
  }
  ASSIGN_OR_RETURN(ResultsStream stream, ResultsStream::Follow(job_.results));
  Tell("running", json::object());
  return Watch(stream);
}

// Never returns: the machine is off, or process 1 has ended and the kernel panics.
int Main() {
  Status status = EnterRealRoot();
  if (status) status = MountSystem();
  if (status) {
    auto control = Port::Open(kControlPort);
    auto results = Port::Open(kResultsPort);
    if (control && results) {
      Init init(*std::move(control), *std::move(results));
      status = init.Run();
      if (!status) init.Tell("failed", {{"reason", status.error().ToString()}});
    } else {
      status = Propagate(control ? results.error() : control.error());
    }
  }
  if (!status) {
    // The console is what is left when there is no control port.
    UniqueFd kmsg(open("/dev/kmsg", O_WRONLY | O_CLOEXEC));
    if (kmsg) {
      dprintf(kmsg.get(), "<0>lxcspec: init failed: %s\n", status.error().ToString().c_str());
    }
  }
  sync();
  reboot(RB_POWER_OFF);
  return 1;
}

}  // namespace
}  // namespace lxcspec::guest

int main() {
  if (getpid() != 1 || !lxcspec::guest::InInitialRootfs()) {
    std::fputs("init: this is process 1 of a guest; it does nothing elsewhere\n", stderr);
    return 2;
  }
  return lxcspec::guest::Main();
}
