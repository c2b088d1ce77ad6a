// SPDX-License-Identifier: Apache-2.0
//
// Bytes to and from terminals that somebody else reads and writes, without ever waiting for them.

#ifndef LXCSPEC_RUNTIME_CONTAINER_CONSOLE_TERMINAL_H_
#define LXCSPEC_RUNTIME_CONTAINER_CONSOLE_TERMINAL_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/kernel/console_ring.h"
#include "runtime/kernel/event_loop.h"

namespace lxcspec::runtime {

// What is to be written to a descriptor that does not block, and what it has not taken yet.
class WriteQueue {
 public:
  // Writes what can be written. The rest stays, where it is no more than `most` bytes in all.
  // EAGAIN where bytes were given up for that; the errno of the write where nothing can be written
  // any more.
  Status Write(int fd, std::string_view bytes, size_t most);
  // Writes what was left. Fails as a write does.
  Status Flush(int fd);

  bool empty() const { return rest_.empty(); }
  size_t size() const { return rest_.size(); }
  void clear() { rest_.clear(); }

 private:
  std::string rest_;
};

// The input of a console, from any number of terminals.
class ConsoleInput {
 public:
  // The pty's primary, of which it makes a copy of its own; the loop outlives it.
  static Result<std::unique_ptr<ConsoleInput>> Create(EventLoop& loop, int primary);
  ConsoleInput(const ConsoleInput&) = delete;
  ConsoleInput& operator=(const ConsoleInput&) = delete;
  ~ConsoleInput();

  // What the container does not read, beyond what the kernel and a queue hold, is lost.
  void Write(std::string_view bytes);

 private:
  ConsoleInput(EventLoop& loop, UniqueFd primary) : loop_(loop), primary_(std::move(primary)) {}

  void OnWritable();

  EventLoop& loop_;
  UniqueFd primary_;
  WriteQueue queue_;
};

// A terminal that shows a console's output and gives it its input.
class AttachedTerminal {
 public:
  struct Callbacks {
    // It has hung up; may destroy the terminal.
    std::function<void()> on_gone;
    // It takes no more output, or does again; empty: what it does not take is lost.
    std::function<void(bool full)> on_full;
  };

  // Does not block; the loop and the input outlive it.
  static Result<std::unique_ptr<AttachedTerminal>> Create(EventLoop& loop, UniqueFd terminal,
                                                          ConsoleInput& input, Callbacks callbacks);
  AttachedTerminal(const AttachedTerminal&) = delete;
  AttachedTerminal& operator=(const AttachedTerminal&) = delete;
  ~AttachedTerminal();

  void Show(const RingPieces& output);
  // Waits, but no longer than that, until the terminal has taken what it was to show.
  void Finish(std::chrono::milliseconds patience);
  int fd() const { return terminal_.get(); }

 private:
  AttachedTerminal(EventLoop& loop, UniqueFd terminal, ConsoleInput& input, Callbacks callbacks);

  void OnEvents(uint32_t events);
  void OnReadable(bool has_hung_up);
  void Watch();
  void SetFull(bool full);

  EventLoop& loop_;
  UniqueFd terminal_;
  ConsoleInput& input_;
  Callbacks callbacks_;
  WriteQueue queue_;
  uint32_t watched_ = EPOLLIN;
  bool is_full_ = false;
  // A job in the background may write and not read.
  bool may_read_ = true;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_CONSOLE_TERMINAL_H_
