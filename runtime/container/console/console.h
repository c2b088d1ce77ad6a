// SPDX-License-Identifier: Apache-2.0
//
// A running container's console and ttys, as its monitor has them: the pty, its ring and log file,
// the terminal that it is shown on, and the clients that are attached.
//
//   container ── pty ──> ring ──> log file, terminal, client
//   terminal, client ──> pty ──> container

#ifndef LXCSPEC_RUNTIME_CONTAINER_CONSOLE_CONSOLE_H_
#define LXCSPEC_RUNTIME_CONTAINER_CONSOLE_CONSOLE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/config/config.h"
#include "runtime/container/console/log_file.h"
#include "runtime/container/console/pump.h"
#include "runtime/container/console/terminal.h"
#include "runtime/container/setup/setup.h"
#include "runtime/kernel/console_ring.h"
#include "runtime/kernel/event_loop.h"
#include "runtime/kernel/pty.h"

namespace lxcspec::runtime {

// What lxc.console.* say.
struct ConsolePlan {
  // `none`: no console; empty: the caller's terminal, where it is in the foreground.
  std::string path;
  // 0: none.
  uint64_t buffer_size = 0;
  std::string log_path;
  uint64_t log_size = 0;
  bool log_rotates = false;
  // The container was started in the foreground.
  bool is_foreground = false;
  // The pty is one of the container's devpts, as ChildContext::console_in_container has it.
  bool in_container = false;
};

// The last two are the lifecycle's to say.
ConsolePlan PlanConsole(const Config& config);

class Console {
 public:
  // Hears of what failed while the container runs.
  using OnError = std::function<void(const Error&)>;

  // The number of the console itself, and of any tty that is free.
  static constexpr int kConsoleNumber = 0;
  static constexpr int kAnyTty = -1;

  struct Attachment {
    int number = 0;
    // The primary of a pty.
    UniqueFd primary;
    // Ends the loan; does nothing where it has ended, or the console is gone.
    std::function<void()> release;
  };

  // The stage `console`. Fails where lxc.console.path is no terminal, ENOTTY, or cannot be opened,
  // and where the log file cannot. The loop outlives it.
  static Result<std::unique_ptr<Console>> Create(const ConsolePlan& plan, EventLoop& loop,
                                                 OnError on_error);
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;
  // Gives the terminal back as it was, and hangs up on clients.
  ~Console();

  // The container's side of the console, for ChildContext; -1 without a console.
  int peer() const { return peer_.valid() ? peer_.get() : -1; }

  // Takes over the ttys that init's set-up made, and the console where it is one of them.
  Status Adopt(ChildTty console, std::vector<ChildTty> ttys);

  // Reads what the container has written by now, so that nobody is told less.
  void Catch();
  // The same, for good: the container has ended. Also completes the log file.
  void Drain();

  // Null without lxc.console.buffer.size.
  ConsoleRing* buffer() { return buffer_ ? &*buffer_ : nullptr; }

  // Lends the console (kConsoleNumber), a tty (from 1), or any that is free (kAnyTty), to a client,
  // until it is released. ENODEV without a console, EBUSY where it is lent or shown elsewhere,
  // ENXIO for a tty that is not there, EAGAIN where none is free.
  Result<Attachment> Attach(int number);

  // Gives the console the size of the terminal or client that shows it.
  void UpdateWindowSize();

 private:
  struct Tty {
    ChildTty ends;
    std::shared_ptr<bool> is_lent;
  };

  Console(EventLoop& loop, OnError on_error) : loop_(loop), on_error_(std::move(on_error)) {}

  Status Open(const ConsolePlan& plan);
  Status OpenTerminal(const ConsolePlan& plan);
  Status Connect(UniqueFd primary);
  Status ShowOn(UniqueFd terminal);
  Status WatchWindowSize();
  void OnOutput(const RingPieces& output);
  Result<Attachment> AttachConsole();
  Result<Attachment> AttachTty(int number);

  EventLoop& loop_;
  OnError on_error_;
  bool is_foreground_ = false;
  // Of the console's pty; there is no primary before Connect().
  UniqueFd primary_;
  UniqueFd peer_;
  // Until the console is connected with it.
  UniqueFd unused_terminal_;
  std::optional<ConsoleRing> buffer_;
  // Instead of it, for a console without.
  std::optional<ConsoleRing> passage_;
  std::optional<ConsoleLogFile> log_;
  bool log_failed_ = false;
  std::unique_ptr<ConsolePump> pump_;
  std::unique_ptr<ConsoleInput> input_;
  // Before the mode that is set on it goes.
  std::unique_ptr<AttachedTerminal> terminal_;
  std::optional<RawMode> terminal_mode_;
  UniqueFd size_signals_;
  std::shared_ptr<AttachedTerminal> client_;
  std::vector<Tty> ttys_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_CONSOLE_CONSOLE_H_
