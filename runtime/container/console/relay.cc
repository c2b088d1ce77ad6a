// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/console/relay.h"

#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string>

#include "runtime/base/unique_fd.h"
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

class Relay {
 public:
  explicit Relay(const RelayRequest& request) : request_(request), filter_(request.escape) {}

  Status Run() {
    TRY(SetBlocking(request_.primary, false));
    std::optional<RawMode> mode;
    if (request_.in >= 0 && isatty(request_.in) != 0) {
      auto raw = RawMode::Set(request_.in);
      if (!raw) return Forward(std::move(raw).error());
      mode = *std::move(raw);
    }
    SendWindowSize();
    while (!is_over_) TRY(RunOnce());
    return {};
  }

 private:
  enum : size_t { kIn, kPrimary, kSignals, kUntil, kCount };

  Status RunOnce() {
    // What the container has not taken is written first.
    const bool reads = unwritten_.empty() && !input_ended_;
    std::array<pollfd, kCount> entries{};
    entries[kIn] = {.fd = reads ? request_.in : -1, .events = POLLIN, .revents = 0};
    entries[kPrimary] = {
        .fd = request_.primary,
        .events = static_cast<int16_t>(POLLIN | (unwritten_.empty() ? 0 : POLLOUT)),
        .revents = 0};
    entries[kSignals] = {.fd = signals_.fd(), .events = POLLIN, .revents = 0};
    entries[kUntil] = {.fd = request_.until, .events = POLLIN, .revents = 0};
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
    // The last of the output comes first.
    const bool is_silent = (entries[kPrimary].revents & (POLLIN | POLLHUP | POLLERR)) == 0;
    if (entries[kUntil].revents != 0 && is_silent) is_over_ = true;
    return {};
  }

  Status ReadInput() {
    std::array<char, kReadSize> bytes;
    const ssize_t count = read(request_.in, bytes.data(), bytes.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return {};
    if (count < 0 && errno != EIO) return ErrnoFailure("read() from the caller's terminal");
    if (count <= 0) {
      input_ended_ = true;
      if (request_.ends_with_input) is_over_ = true;
      return {};
    }
    const auto passed = filter_.Pass({bytes.data(), static_cast<size_t>(count)});
    if (!passed) is_over_ = true;
    if (passed) unwritten_ += *passed;
    return {};
  }

  void WriteInput() {
    const ssize_t count = write(request_.primary, unwritten_.data(), unwritten_.size());
    if (count > 0) unwritten_.erase(0, static_cast<size_t>(count));
    if (count < 0 && errno != EINTR && errno != EAGAIN) is_over_ = true;
  }

  Status ReadOutput() {
    std::array<char, kReadSize> bytes;
    const ssize_t count = read(request_.primary, bytes.data(), bytes.size());
    if (count > 0 && request_.out < 0) return {};
    if (count > 0) return WriteAllTo(request_.out, {bytes.data(), static_cast<size_t>(count)});
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return {};
    // EIO: the container has hung up.
    is_over_ = true;
    return {};
  }

  void SendWindowSize() {
    if (request_.in >= 0) CopyWindowSize(request_.in, request_.primary);
    if (request_.on_resize) request_.on_resize();
  }

  const RelayRequest& request_;
  EscapeFilter filter_;
  SizeSignals signals_;
  std::string unwritten_;
  bool input_ended_ = false;
  bool is_over_ = false;
};

}  // namespace

Status WriteAllTo(int fd, std::string_view bytes) {
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

Status RunRelay(const RelayRequest& request) { return Relay(request).Run(); }

}  // namespace lxcspec::runtime
