// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/job.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "conformance/launcher/suite_result.h"

namespace lxcspec::launcher {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;
using std::chrono::milliseconds;

constexpr size_t kKeptOutput = size_t{16} * 1024;
constexpr uint64_t kMostOutput = uint64_t{64} * 1024 * 1024;
constexpr size_t kMostAnswer = size_t{4} * 1024 * 1024;
constexpr uint64_t kMostReport = uint64_t{4} * 1024 * 1024;
// The stub puts the test's descriptors at 0 to 3, so its own must be above.
constexpr int kFirstFd = 10;

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Result<UniqueFd> MoveUp(UniqueFd fd) {
  UniqueFd moved(fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstFd));
  if (!moved) return FailErrno("fcntl(F_DUPFD_CLOEXEC)");
  return moved;
}

// The launcher never waits in a read(2).
Result<Pipe> WithNonblockingReadEnd(int read_fd, int write_fd) {
  UniqueFd low_read(read_fd);
  UniqueFd low_write(write_fd);
  ASSIGN_OR_RETURN(UniqueFd read_end, MoveUp(std::move(low_read)));
  ASSIGN_OR_RETURN(UniqueFd write_end, MoveUp(std::move(low_write)));
  if (fcntl(read_end.get(), F_SETFL, O_NONBLOCK) != 0) return FailErrno("fcntl(O_NONBLOCK)");
  return Pipe{std::move(read_end), std::move(write_end)};
}

Result<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return FailErrno("pipe2(O_CLOEXEC)");
  return WithNonblockingReadEnd(fds[0], fds[1]);
}

// For what a test must not get at: unlike a pipe, a socket cannot be opened through /proc/<pid>/fd.
Result<Pipe> MakeSocketPair() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
    return FailErrno("socketpair()");
  return WithNonblockingReadEnd(fds[0], fds[1]);
}

// Reads what is there, at most `most` bytes so that no stream keeps the launcher from the others.
// Closes at the end.
template <typename Function>
void Drain(UniqueFd& fd, size_t most, Function take) {
  char buffer[65536];
  while (fd && most > 0) {
    const ssize_t got = read(fd.get(), buffer, sizeof(buffer));
    if (got > 0) {
      take(std::string_view(buffer, static_cast<size_t>(got)));
      most -= std::min(most, static_cast<size_t>(got));
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
      fd.Reset();
    } else if (errno == EAGAIN) {
      return;
    }
  }
}

}  // namespace

Job::Job(JobSpec spec, TestCgroup cgroup)
    : spec_(std::move(spec)), cgroup_(std::move(cgroup)), printed_(kKeptOutput) {}

Result<std::unique_ptr<Job>> Job::Start(JobSpec spec) {
  const CgroupLayout& layout = spec.sandbox->layout;
  ASSIGN_OR_RETURN(TestCgroup cgroup, TestCgroup::Create(layout, getpid(), spec.number));
  std::unique_ptr<Job> job(new Job(std::move(spec), std::move(cgroup)));
  RETURN_IF_ERROR(job->Launch());
  return job;
}

Status Job::Launch() {
  const bool question = spec_.kind == JobKind::kQuestion;
  ASSIGN_OR_RETURN(Pipe output, MakePipe());
  ASSIGN_OR_RETURN(Pipe error_output, MakePipe());
  ASSIGN_OR_RETURN(Pipe result, MakeSocketPair());
  ASSIGN_OR_RETURN(Pipe report, MakeSocketPair());
  // Standard output is told apart only where it is the answer.
  const StubTask task{
      .sandbox = spec_.sandbox,
      .cgroup = cgroup_.name(),
      .audit = !question,
      .grace = spec_.limits.grace,
      .output = output.write_end.get(),
      .error_output = question ? error_output.write_end.get() : output.write_end.get(),
      .result = question ? -1 : result.write_end.get(),
      .report = report.write_end.get(),
      .lifeline = spec_.lifeline};
  started_ = Clock::now();
  deadline_ = started_ + spec_.limits.deadline;
  ASSIGN_OR_RETURN(Stub stub, spec_.make_stub(task));
  stub_ = stub.pid;
  stub_fd_ = std::move(stub.pidfd);
  output_ = std::move(output.read_end);
  error_output_ = std::move(error_output.read_end);
  result_ = std::move(result.read_end);
  report_ = std::move(report.read_end);
  return {};
}

Job::~Job() {
  if (stub_ > 0 && !done_) {
    Kill();
    // Returns when the last process of the pid namespace is gone (pid_namespaces(7)).
    while (waitpid(stub_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  if (auto removed = cgroup_.Remove(spec_.limits.grace); !removed) {
    fprintf(stderr, "launcher: %s\n", removed.error().ToString().c_str());
  }
}

void Job::Kill() {
  kill(stub_, SIGKILL);
  cgroup_.Thaw();
}

std::array<pollfd, Job::kPollFds> Job::PollFds() const {
  std::array<pollfd, kPollFds> fds;
  const std::array all = {stub_fd_.get(), output_.get(), error_output_.get(), result_.get(),
                          report_.get()};
  // poll(2) ignores negative descriptors.
  for (size_t i = 0; i < kPollFds; ++i) fds[i] = {.fd = all[i], .events = POLLIN, .revents = 0};
  return fds;
}

void Job::OnPolled(const std::array<pollfd, kPollFds>& fds) {
  constexpr size_t kOnce = 1 << 20;
  const bool question = spec_.kind == JobKind::kQuestion;
  const auto on_output = [&](std::string_view data) {
    printed_.Append(data);
    if (!question) return;
    const size_t room = kMostAnswer - std::min(kMostAnswer, facts_.standard_output.size());
    facts_.standard_output += data.substr(0, room);
  };
  const auto on_error_output = [&](std::string_view data) { printed_.Append(data); };
  const auto on_result = [&](std::string_view data) {
    // One byte too many tells the reader of the facts that it was too much.
    const size_t room = kLargestResult + 1 - std::min(kLargestResult + 1, facts_.result.size());
    facts_.result += data.substr(0, room);
  };
  // When the stub is gone every writer is, and the pipes hold the rest.
  const bool gone = fds[0].revents != 0;
  const size_t most = gone ? SIZE_MAX : kOnce;
  if (gone || fds[1].revents != 0) Drain(output_, most, on_output);
  if (gone || fds[2].revents != 0) Drain(error_output_, most, on_error_output);
  if (gone || fds[3].revents != 0) Drain(result_, most, on_result);
  if (gone || fds[4].revents != 0) ReadReport();
  if (printed_.total() > kMostOutput && !facts_.flooded) {
    facts_.flooded = true;
    Kill();
  }
  if (gone) Finish();
}

void Job::ReadReport() {
  Drain(report_, SIZE_MAX, [&](std::string_view data) {
    // The pipe is the stub's; this bounds what a test could send that got hold of it.
    reported_ += data.size();
    if (reported_ <= kMostReport) pending_report_ += data;
  });
  for (size_t end = 0; (end = pending_report_.find('\n')) != std::string::npos;) {
    OnStage(pending_report_.substr(0, end));
    pending_report_.erase(0, end + 1);
  }
}

void Job::OnStage(const std::string& line) {
  try {
    OnStage(json::parse(line));
  } catch (const json::exception&) {
    // Not from the stub: a test with the rights of root can open its descriptors. Without the
    // stages that are missing then, the test is judged to have crashed.
  }
}

void Job::OnStage(const json& record) {
  const std::string stage = record.at("stage");
  const auto now = Clock::now();
  if (stage == "failed") {
    facts_.not_started = record.at("error");
  } else if (stage == "started") {
    facts_.started = true;
    started_ = now;
    deadline_ = now + spec_.limits.deadline;
  } else if (stage == "ended") {
    facts_.status = record.at("status").get<int>();
    facts_.ms = std::chrono::duration_cast<milliseconds>(now - started_).count();
    // The grace is used at most twice: to wait, and to wait again after killing.
    deadline_ = now + spec_.limits.deadline + 2 * spec_.limits.grace;
  } else if (stage == "audited") {
    std::vector<Leak> leaks;
    for (const json& leak : record.at("leaks")) {
      leaks.push_back({leak.at("class"), leak.at("what")});
    }
    facts_.leaks = std::move(leaks);
  }
}

void Job::OnDeadline() {
  facts_.timed_out = true;
  deadline_ = Clock::time_point::max();
  Kill();
}

void Job::Finish() {
  while (waitpid(stub_, nullptr, 0) < 0 && errno == EINTR) {
  }
  done_ = true;
  stub_fd_.Reset();
  facts_.output = printed_.Tail();
  if (!facts_.status) {
    facts_.ms = std::chrono::duration_cast<milliseconds>(Clock::now() - started_).count();
  }
}

}  // namespace lxcspec::launcher
