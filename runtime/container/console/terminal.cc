// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/console/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

namespace lxcspec::runtime {
namespace {

constexpr size_t kMostInput = size_t{64} * 1024;
constexpr size_t kMostOutput = size_t{256} * 1024;

// How many bytes the descriptor took at once.
Result<size_t> WriteSome(int fd, std::string_view bytes) {
  size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count = write(fd, bytes.data() + written, bytes.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN) return ErrnoFailure("write() to a terminal");
    if (count <= 0) break;
    written += static_cast<size_t>(count);
  }
  return written;
}

}  // namespace

Status WriteQueue::Write(int fd, std::string_view bytes, size_t most) {
  if (rest_.empty()) {
    const auto written = WriteSome(fd, bytes);
    if (!written) return Forward(written.error());
    bytes.remove_prefix(*written);
  }
  const size_t room = most - std::min(most, rest_.size());
  rest_ += bytes.substr(0, room);
  if (bytes.size() > room) return Failure(EAGAIN, "a terminal that takes no more");
  return {};
}

Status WriteQueue::Flush(int fd) {
  const auto written = WriteSome(fd, rest_);
  if (!written) return Forward(written.error());
  rest_.erase(0, *written);
  return {};
}

Result<std::unique_ptr<ConsoleInput>> ConsoleInput::Create(EventLoop& loop, int primary) {
  // Of its own, because a loop watches a descriptor once.
  UniqueFd copy(fcntl(primary, F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return ErrnoFailure("fcntl(F_DUPFD_CLOEXEC)");
  std::unique_ptr<ConsoleInput> input(new ConsoleInput(loop, std::move(copy)));
  TRY(loop.Add(input->primary_.get(), 0, [self = input.get()](uint32_t) { self->OnWritable(); }));
  return input;
}

ConsoleInput::~ConsoleInput() { loop_.Remove(primary_.get()); }

void ConsoleInput::Write(std::string_view bytes) {
  const bool was_empty = queue_.empty();
  static_cast<void>(queue_.Write(primary_.get(), bytes, kMostInput));
  if (was_empty && !queue_.empty()) static_cast<void>(loop_.Change(primary_.get(), EPOLLOUT));
}

void ConsoleInput::OnWritable() {
  if (!queue_.Flush(primary_.get())) queue_.clear();
  if (queue_.empty()) static_cast<void>(loop_.Change(primary_.get(), 0));
}

AttachedTerminal::AttachedTerminal(EventLoop& loop, UniqueFd terminal, ConsoleInput& input,
                                   Callbacks callbacks)
    : loop_(loop),
      terminal_(std::move(terminal)),
      input_(input),
      callbacks_(std::move(callbacks)) {}

Result<std::unique_ptr<AttachedTerminal>> AttachedTerminal::Create(EventLoop& loop,
                                                                   UniqueFd terminal,
                                                                   ConsoleInput& input,
                                                                   Callbacks callbacks) {
  std::unique_ptr<AttachedTerminal> attached(
      new AttachedTerminal(loop, std::move(terminal), input, std::move(callbacks)));
  TRY(loop.Add(attached->fd(), EPOLLIN,
               [self = attached.get()](uint32_t events) { self->OnEvents(events); }));
  return attached;
}

AttachedTerminal::~AttachedTerminal() { loop_.Remove(terminal_.get()); }

void AttachedTerminal::Show(const RingPieces& output) {
  // console_log.path_output
  for (const iovec& piece : output) {
    const std::string_view bytes(static_cast<const char*>(piece.iov_base), piece.iov_len);
    // Who does not read what it is shown is not waited for; that it has gone is seen in the loop.
    if (!bytes.empty()) static_cast<void>(queue_.Write(fd(), bytes, kMostOutput));
  }
  // One visit's output must still fit.
  SetFull(queue_.size() > kMostOutput / 2);
  Watch();
}

void AttachedTerminal::OnEvents(uint32_t events) {
  if ((events & EPOLLOUT) != 0) {
    if (!queue_.Flush(fd())) queue_.clear();
    if (queue_.empty()) SetFull(false);
    Watch();
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) OnReadable((events & EPOLLHUP) != 0);
}

void AttachedTerminal::Finish(std::chrono::milliseconds patience) {
  using Clock = EventLoop::Clock;
  const auto deadline = Clock::now() + patience;
  while (!queue_.empty() && Clock::now() < deadline) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd entry{.fd = fd(), .events = POLLOUT, .revents = 0};
    if (poll(&entry, 1, static_cast<int>(left.count())) < 0 && errno != EINTR) return;
    if (!queue_.Flush(fd())) return;
  }
}

void AttachedTerminal::OnReadable(bool has_hung_up) {
  std::array<char, 1024> bytes;
  const ssize_t count = read(fd(), bytes.data(), bytes.size());
  if (count > 0) {
    // console_log.path_input
    input_.Write({bytes.data(), static_cast<size_t>(count)});
    return;
  }
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0 && errno == EIO && !has_hung_up) {
    may_read_ = false;
    return Watch();
  }
  loop_.Remove(fd());
  SetFull(false);
  // By a copy, for it may be this terminal's end.
  if (const auto on_gone = callbacks_.on_gone) on_gone();
}

void AttachedTerminal::Watch() {
  const uint32_t wanted =
      (may_read_ ? uint32_t{EPOLLIN} : 0) | (queue_.empty() ? 0 : uint32_t{EPOLLOUT});
  if (wanted == watched_) return;
  watched_ = wanted;
  static_cast<void>(loop_.Change(fd(), wanted));
}

void AttachedTerminal::SetFull(bool full) {
  if (!callbacks_.on_full || full == is_full_) return;
  is_full_ = full;
  callbacks_.on_full(full);
}

}  // namespace lxcspec::runtime
