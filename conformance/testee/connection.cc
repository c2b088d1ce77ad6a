// SPDX-License-Identifier: Apache-2.0

#include "conformance/testee/connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace lxcspec {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr size_t kPortion = size_t{64} << 10;

pid_t ThisThread() { return static_cast<pid_t>(syscall(SYS_gettid)); }

// The umask can only be read by setting it.
mode_t CurrentUmask() {
  const mode_t mask = umask(077);
  umask(mask);
  return mask;
}

std::string CurrentDirectory() {
  std::array<char, PATH_MAX> path{};
  return getcwd(path.data(), path.size()) != nullptr ? path.data() : "/";
}

// In the child, whose descriptors 0 to 2 become these; does not return.
[[noreturn]] void Execute(const std::vector<std::string>& command, int channel, int errors,
                          int failed, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  if (dup2(channel, 0) == 0 && dup2(channel, 1) == 1 && dup2(errors, 2) == 2) {
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    execv(argv[0], argv.data());
  }
  const int code = errno;
  [[maybe_unused]] const ssize_t told = write(failed, &code, sizeof(code));
  _exit(127);
}

// A descriptor that is none of 0 to 2, and closed on exec.
Result<UniqueFd> AboveStandard(int fd) {
  const UniqueFd low(fd);
  UniqueFd high(fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!high) return FailErrno("fcntl(F_DUPFD_CLOEXEC)");
  return high;
}

}  // namespace

Connection::Connection(ConnectionEvents events, milliseconds patience)
    : events_(std::move(events)), patience_(patience), process_(getpid()), thread_(ThisThread()) {}

Connection::~Connection() { Close(); }

Result<std::shared_ptr<Connection>> Connection::Open(const std::vector<std::string>& command,
                                                     ConnectionEvents events,
                                                     milliseconds patience) {
  std::shared_ptr<Connection> connection(new Connection(std::move(events), patience));
  RETURN_IF_ERROR(connection->Start(command));
  RETURN_IF_ERROR(connection->Greet());
  return connection;
}

Status Connection::Start(const std::vector<std::string>& command) {
  if (command.empty()) return Fail(EINVAL, "a testee without a command");
  int pair[2];
  int errors[2];
  int failed[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    return FailErrno("socketpair()");
  }
  ASSIGN_OR_RETURN(channel_, AboveStandard(pair[0]));
  ASSIGN_OR_RETURN(UniqueFd others_channel, AboveStandard(pair[1]));
  if (pipe2(errors, O_CLOEXEC) != 0) return FailErrno("pipe2()");
  ASSIGN_OR_RETURN(errors_, AboveStandard(errors[0]));
  ASSIGN_OR_RETURN(UniqueFd others_errors, AboveStandard(errors[1]));
  if (pipe2(failed, O_CLOEXEC) != 0) return FailErrno("pipe2()");
  ASSIGN_OR_RETURN(UniqueFd failure, AboveStandard(failed[0]));
  ASSIGN_OR_RETURN(UniqueFd tell_failure, AboveStandard(failed[1]));
  for (const UniqueFd* fd : {&channel_, &errors_}) {
    if (fcntl(fd->get(), F_SETFL, O_NONBLOCK) != 0) return FailErrno("fcntl(O_NONBLOCK)");
  }

  child_ = fork();
  if (child_ < 0) return FailErrno("fork()");
  if (child_ == 0) {
    Execute(command, others_channel.get(), others_errors.get(), tell_failure.get(), process_);
  }
  child_fd_.Reset(static_cast<int>(syscall(SYS_pidfd_open, child_, 0)));
  others_channel.Reset();
  others_errors.Reset();
  tell_failure.Reset();
  int code = 0;
  ssize_t got = 0;
  do {
    got = read(failure.get(), &code, sizeof(code));
  } while (got < 0 && errno == EINTR);
  if (got == sizeof(code)) return Fail(code, fmt::format("execv({})", command[0]));
  return {};
}

Status Connection::Greet() {
  ASSIGN_OR_RETURN(const std::string request,
                   WriteRequest(++last_id_, "hello", {{"protocol", kProtocolVersion}}, nullptr));
  int error = -1;
  ASSIGN_OR_RETURN(const json result, Exchange(request, last_id_, &error));
  if (error >= 0) return Fail(EPROTO, "it failed to answer the greeting");
  ASSIGN_OR_RETURN(hello_, ReadHello(result));
  greeted_ = true;
  return {};
}

bool Connection::Elsewhere() const { return getpid() != process_ || ThisThread() != thread_; }

Error Connection::NotOffered(const std::string& what) {
  events_.not_offered(what);
  return {.code = ENOSYS, .attempted = what};
}

Error Connection::Lost(Error how) {
  // What is wrong with its end follows from what was wrong before.
  static_cast<void>(Finish());
  events_.lost(how);
  return {.code = EPROTO, .attempted = std::move(how.attempted)};
}

Result<json> Connection::Call(std::string_view call, json arguments, std::string attempted) {
  if (getpid() != process_) {
    return Propagate(NotOffered("not in the testee protocol: a call from a forked process"));
  }
  if (Elsewhere()) {
    return Propagate(NotOffered("not in the testee protocol: calls from several threads"));
  }
  if (!Offers(call)) {
    return Propagate(NotOffered(fmt::format("not offered by the testee: {}", call)));
  }
  if (!channel_) return Fail(EPROTO, std::move(attempted));
  const json caller = {{"cwd", CurrentDirectory()}, {"umask", CurrentUmask()}};
  const auto request = WriteRequest(++last_id_, call, std::move(arguments), caller);
  if (!request) {
    return Propagate(NotOffered("not in the testee protocol: " + request.error().attempted));
  }
  int error = -1;
  auto result = Exchange(*request, last_id_, &error);
  if (!result) return Propagate(Lost(result.error()));
  if (error >= 0) return Fail(error, std::move(attempted));
  return result;
}

Result<json> Connection::Exchange(const std::string& request, uint64_t id, int* error) {
  auto frame = EncodeFrame(request);
  // Nothing that a test says is near it.
  if (!frame) return Propagate(std::move(frame).error());
  RETURN_IF_ERROR(Send(*frame));
  while (true) {
    ASSIGN_OR_RETURN(std::optional<std::string> body, reader_.Next());
    if (!body) {
      RETURN_IF_ERROR(Await(POLLIN));
      RETURN_IF_ERROR(Receive());
      continue;
    }
    RelayErrors();
    if (!reader_.Empty()) return Fail(EPROTO, "it said more than it was asked");
    ASSIGN_OR_RETURN(Reply reply, ReadReply(*body, id));
    if (reply.error) *error = *reply.error;
    return std::move(reply.result);
  }
}

Status Connection::Send(std::string_view frame) {
  while (!frame.empty()) {
    RETURN_IF_ERROR(Await(POLLOUT));
    const ssize_t sent = send(channel_.get(), frame.data(), frame.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      frame.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return Propagate(HowItEnded());
    } else if (errno != EINTR && errno != EAGAIN) {
      return FailErrno("send()");
    }
  }
  return {};
}

Status Connection::Await(short events) {
  while (true) {
    // What it left behind may hold its output open: its own end is the end.
    std::array<pollfd, 3> fds = {{{.fd = channel_.get(), .events = events, .revents = 0},
                                  {.fd = errors_.get(), .events = POLLIN, .revents = 0},
                                  {.fd = child_fd_.get(), .events = POLLIN, .revents = 0}}};
    if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return FailErrno("poll()");
    if (fds[1].revents != 0) RelayErrors();
    if (fds[0].revents != 0) return {};
    if (fds[2].revents != 0) return Propagate(HowItEnded());
  }
}

Status Connection::Receive() {
  std::array<char, kPortion> buffer;
  const ssize_t got = recv(channel_.get(), buffer.data(), buffer.size(), 0);
  if (got > 0) reader_.Append({buffer.data(), static_cast<size_t>(got)});
  if (got == 0 || (got < 0 && errno == ECONNRESET)) return Propagate(HowItEnded());
  if (got < 0 && errno != EINTR && errno != EAGAIN) return FailErrno("recv()");
  return {};
}

void Connection::RelayErrors() {
  std::array<char, kPortion> buffer;
  while (errors_) {
    const ssize_t got = read(errors_.get(), buffer.data(), buffer.size());
    if (got > 0) {
      [[maybe_unused]] const ssize_t shown =
          write(STDERR_FILENO, buffer.data(), static_cast<size_t>(got));
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
      errors_.Reset();
    } else if (errno == EAGAIN) {
      return;
    }
  }
}

bool Connection::AwaitEnd(milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (child_ > 0) {
    const pid_t ended = waitpid(child_, &status_, child_fd_ ? WNOHANG : 0);
    if (ended == child_ || (ended < 0 && errno != EINTR)) {
      child_ = -1;
      break;
    }
    const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    std::array<pollfd, 2> fds = {{{.fd = child_fd_.get(), .events = POLLIN, .revents = 0},
                                  {.fd = errors_.get(), .events = POLLIN, .revents = 0}}};
    poll(fds.data(), fds.size(), static_cast<int>(left.count()));
    RelayErrors();
  }
  RelayErrors();
  return true;
}

Error Connection::EndOfChild() const {
  if (!WIFSIGNALED(status_)) {
    return {.code = ECONNRESET,
            .attempted = fmt::format("it ended: exited with status {}", WEXITSTATUS(status_))};
  }
  const char* name = sigabbrev_np(WTERMSIG(status_));
  return {.code = ECONNRESET,
          .attempted = fmt::format("it ended: killed by SIG{}", name != nullptr ? name : "?")};
}

Error Connection::HowItEnded() {
  if (AwaitEnd(patience_)) return EndOfChild();
  return {.code = EPROTO, .attempted = "it closed its output"};
}

Status Connection::Finish() {
  if (!channel_) return {};
  // Closing would not do: forked processes have the descriptor, too.
  shutdown(channel_.get(), SHUT_RDWR);
  channel_.Reset();
  const bool by_itself = child_ <= 0 || AwaitEnd(patience_);
  if (!by_itself) {
    kill(child_, SIGKILL);
    AwaitEnd(patience_);
  }
  errors_.Reset();
  child_fd_.Reset();
  if (!by_itself) return Fail(EPROTO, "it did not end when its input was closed");
  if (status_ != 0) return Propagate(EndOfChild());
  return {};
}

void Connection::Close() {
  if (getpid() != process_) return;
  if (const Status finished = Finish(); !finished && greeted_) events_.lost(finished.error());
}

}  // namespace lxcspec
