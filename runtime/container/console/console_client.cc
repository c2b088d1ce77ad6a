// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/console/console_client.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/kernel/pty.h"

namespace lxcspec::runtime {
namespace {

constexpr size_t kReadSize = 4096;

// What is typed, without what is meant for the proxy itself.
class EscapeFilter {
 public:
  explicit EscapeFilter(int escape) : escape_(escape) {}

  // Nothing where the caller wants to leave.
  std::optional<std::string> Pass(std::string_view typed) {
    std::string passed;
    for (const char c : typed) {
      const bool is_escape = escape_ > 0 && c == static_cast<char>(escape_);
      if (has_begun_) {
        has_begun_ = false;
        if (c == 'q') return std::nullopt;
        if (!is_escape) passed += static_cast<char>(escape_);
        passed += c;
      } else if (is_escape) {
        has_begun_ = true;
      } else {
        passed += c;
      }
    }
    return passed;
  }

 private:
  int escape_;
  bool has_begun_ = false;
};

// SIGWINCH as a descriptor, for this thread, as long as it lives.
class SizeSignals {
 public:
  SizeSignals() {
    sigset_t changed;
    sigemptyset(&changed);
    sigaddset(&changed, SIGWINCH);
    if (pthread_sigmask(SIG_BLOCK, &changed, &before_) != 0) return;
    is_blocked_ = true;
    fd_ = UniqueFd(signalfd(-1, &changed, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  SizeSignals(const SizeSignals&) = delete;
  SizeSignals& operator=(const SizeSignals&) = delete;
  ~SizeSignals() {
    if (is_blocked_) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

  int fd() const { return fd_.get(); }
  void Take() const {
    signalfd_siginfo info{};
    while (read(fd_.get(), &info, sizeof(info)) > 0) continue;
  }

 private:
  UniqueFd fd_;
  sigset_t before_{};
  bool is_blocked_ = false;
};

Status WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count > 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return ErrnoFailure("write() to the caller's terminal");
    pollfd entry{.fd = fd, .events = POLLOUT, .revents = 0};
    if (poll(&entry, 1, -1) < 0 && errno != EINTR) return ErrnoFailure("poll()");
  }
  return {};
}

class Proxy {
 public:
  Proxy(LentTty tty, const ProxyRequest& request)
      : tty_(std::move(tty)), request_(request), filter_(request.escape) {}

  Status Run() {
    TRY(SetBlocking(tty_.primary.get(), false));
    std::optional<RawMode> mode;
    if (isatty(request_.in) != 0) {
      auto raw = RawMode::Set(request_.in);
      if (!raw) return Forward(std::move(raw).error());
      mode = *std::move(raw);
    }
    SendWindowSize();
    while (!is_over_) TRY(RunOnce());
    return {};
  }

 private:
  enum : size_t { kIn, kPrimary, kSignals, kMonitor, kCount };

  Status RunOnce() {
    // What the container has not taken is written first.
    const bool reads = unwritten_.empty();
    std::array<pollfd, kCount> entries{};
    entries[kIn] = {.fd = reads ? request_.in : -1, .events = POLLIN, .revents = 0};
    entries[kPrimary] = {.fd = tty_.primary.get(),
                         .events = static_cast<int16_t>(POLLIN | (reads ? 0 : POLLOUT)),
                         .revents = 0};
    entries[kSignals] = {.fd = signals_.fd(), .events = POLLIN, .revents = 0};
    entries[kMonitor] = {.fd = tty_.connection.fd(), .events = POLLIN, .revents = 0};
    if (poll(entries.data(), entries.size(), -1) < 0) {
      if (errno == EINTR) return {};
      return ErrnoFailure("poll()");
    }
    if (entries[kSignals].revents != 0) {
      signals_.Take();
      SendWindowSize();
    }
    if (entries[kIn].revents != 0) TRY(ReadInput());
    if (!unwritten_.empty()) WriteInput();
    if (entries[kPrimary].revents != 0) TRY(ReadOutput());
    // The monitor says nothing unasked but that it ends; the last of the output comes first.
    if (entries[kMonitor].revents != 0 && entries[kPrimary].revents == 0) is_over_ = true;
    return {};
  }

  Status ReadInput() {
    std::array<char, kReadSize> bytes;
    const ssize_t count = read(request_.in, bytes.data(), bytes.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return {};
    if (count < 0 && errno != EIO) return ErrnoFailure("read() from the caller's terminal");
    const auto passed =
        count > 0 ? filter_.Pass({bytes.data(), static_cast<size_t>(count)}) : std::nullopt;
    if (!passed) is_over_ = true;
    if (passed) unwritten_ += *passed;
    return {};
  }

  void WriteInput() {
    const ssize_t count = write(tty_.primary.get(), unwritten_.data(), unwritten_.size());
    if (count > 0) unwritten_.erase(0, static_cast<size_t>(count));
    if (count < 0 && errno != EINTR && errno != EAGAIN) is_over_ = true;
  }

  Status ReadOutput() {
    std::array<char, kReadSize> bytes;
    const ssize_t count = read(tty_.primary.get(), bytes.data(), bytes.size());
    if (count > 0) return WriteAll(request_.out, {bytes.data(), static_cast<size_t>(count)});
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return {};
    // EIO: the container has hung up.
    is_over_ = true;
    return {};
  }

  void SendWindowSize() {
    CopyWindowSize(request_.in, tty_.primary.get());
    // The console is behind one more pty. It does with the size that it has, where this fails.
    if (tty_.number == 0) static_cast<void>(tty_.connection.Ask(Command::kWindowSize));
  }

  LentTty tty_;
  ProxyRequest request_;
  EscapeFilter filter_;
  SizeSignals signals_;
  std::string unwritten_;
  bool is_over_ = false;
};

}  // namespace

Result<ConsoleLogBytes> QueryConsoleLog(const Place& place, const ConsoleLogRequest& request,
                                        Patience patience) {
  // console_log.stopped console_log.after_stop console_log.any_object_reads
  auto answer = Query(place, Command::kConsoleLog, request.Encoded(), patience);
  if (!answer) return Forward(std::move(answer).error());
  if (!request.read) return ConsoleLogBytes();
  ConsoleLogAnswer log{.bytes = std::move(answer->body), .memfd = UniqueFd()};
  if (!answer->fds.empty()) log.memfd = std::move(answer->fds.front());
  return BytesOf(log);
}

Result<LentTty> BorrowTty(const Place& place, int number, Patience patience) {
  auto connection = MonitorConnection::Open(place, patience);
  if (!connection) return Forward(std::move(connection).error());
  auto answer = connection->Ask(Command::kConsole, std::to_string(number));
  if (!answer) return Forward(std::move(answer).error());
  const auto lent = ParseUnsigned(answer->body);
  if (!lent || answer->fds.size() != 1) {
    return Failure(EBADMSG, fmt::format("\"{}\" and {} descriptors instead of a tty", answer->body,
                                        answer->fds.size()));
  }
  return LentTty{.number = static_cast<int>(*lent),
                 .primary = std::move(answer->fds.front()),
                 .connection = *std::move(connection)};
}

Status RunProxy(const Place& place, const ProxyRequest& request) {
  auto tty = BorrowTty(place, request.tty);
  if (!tty) return Forward(std::move(tty).error());
  if (request.escape > 0 && isatty(request.err) != 0) {
    const char letter = static_cast<char>('a' + request.escape - 1);
    const std::string how = fmt::format(
        "\nThis is tty {0} of {1}. Ctrl-{2} q leaves it, Ctrl-{2} Ctrl-{2} types Ctrl-{2}.\n",
        tty->number, place.name, letter);
    TRY(WriteAll(request.err, how));
  }
  return Proxy(*std::move(tty), request).Run();
}

}  // namespace lxcspec::runtime
