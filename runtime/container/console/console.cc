// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/console/console.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

#include "runtime/base/text.h"

namespace lxcspec::runtime {
namespace {

constexpr std::string_view kNone = "none";
constexpr char kCallersTerminal[] = "/dev/tty";

// More than any pty of the kernel holds.
constexpr uint64_t kWhatPtysHold = uint64_t{1} << 20;
// Where output passes that nobody keeps.
constexpr uint64_t kPassage = uint64_t{64} * 1024;

// How long a terminal is given to take the last of the output.
constexpr std::chrono::milliseconds kLastWords(500);

std::string First(const Config& config, std::string_view key) {
  const auto& values = config.Values(key);
  return values.empty() ? "" : values.front();
}

// Whether this process may change the terminal: it is not a shell's job in the background.
bool IsInForeground(int terminal) {
  const pid_t group = tcgetpgrp(terminal);
  return group < 0 || group == getpgrp();
}

Result<UniqueFd> Copied(const UniqueFd& fd) {
  UniqueFd copy(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return ErrnoFailure("fcntl(F_DUPFD_CLOEXEC)");
  return copy;
}

}  // namespace

ConsolePlan PlanConsole(const Config& config) {
  return {.path = First(config, "lxc.console.path"),
          .buffer_size = ParseUnsigned(First(config, "lxc.console.buffer.size")).value_or(0),
          .log_path = First(config, "lxc.console.logfile"),
          .log_size = ParseUnsigned(First(config, "lxc.console.size")).value_or(0),
          .log_rotates = First(config, "lxc.console.rotate") == "1"};
}

Result<std::unique_ptr<Console>> Console::Create(const ConsolePlan& plan, EventLoop& loop,
                                                 OnError on_error) {
  std::unique_ptr<Console> console(new Console(loop, std::move(on_error)));
  TRY(console->Open(plan));
  return console;
}

Console::~Console() {
  if (size_signals_.valid()) loop_.Remove(size_signals_.get());
  // Its settings return while it is still open.
  terminal_mode_.reset();
}

Status Console::Open(const ConsolePlan& plan) {
  if (plan.buffer_size > 0) {
    auto ring = ConsoleRing::Create(plan.buffer_size);
    if (!ring) {
      return Failure(ring.error().code,
                     fmt::format("lxc.console.buffer.size: {}", ring.error().attempted));
    }
    // console_log.starts_empty
    buffer_ = *std::move(ring);
  }
  // console_log.path_none
  if (plan.path == kNone) return {};
  if (!plan.log_path.empty()) {
    auto log = ConsoleLogFile::Open(plan.log_path, plan.log_size, plan.log_rotates);
    if (!log) return Forward(std::move(log).error());
    log_ = *std::move(log);
  }
  is_foreground_ = plan.is_foreground;
  TRY(OpenTerminal(plan));
  if (plan.in_container) {
    peer_ = UniqueFd(open("/dev/null", O_RDWR | O_CLOEXEC));
    return peer_.valid() ? Status() : ErrnoFailure("open(/dev/null)");
  }
  auto pty = OpenPty();
  if (!pty) return Forward(std::move(pty).error());
  peer_ = std::move(pty->peer);
  return Connect(std::move(pty->primary));
}

Status Console::OpenTerminal(const ConsolePlan& plan) {
  if (plan.path.empty() && !plan.is_foreground) return {};
  const std::string path = plan.path.empty() ? kCallersTerminal : plan.path;
  // A file that is not there is not made: console_log.path_unusable
  UniqueFd terminal(open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!terminal.valid()) {
    // Who has no terminal is in the foreground without.
    if (plan.path.empty()) return {};
    return ErrnoFailure(fmt::format("lxc.console.path: open({})", path));
  }
  if (isatty(terminal.get()) == 0) {
    return Failure(ENOTTY, fmt::format("lxc.console.path: {} is no terminal", path));
  }
  unused_terminal_ = std::move(terminal);
  return {};
}

Status Console::Connect(UniqueFd primary) {
  if (!buffer_) {
    auto passage = ConsoleRing::Create(kPassage);
    if (!passage) return Forward(std::move(passage).error());
    passage_ = *std::move(passage);
  }
  auto input = ConsoleInput::Create(loop_, primary.get());
  if (!input) return Forward(std::move(input).error());
  primary_ = std::move(primary);
  input_ = *std::move(input);
  pump_ = std::make_unique<ConsolePump>(loop_, primary_.get(), buffer_ ? *buffer_ : *passage_,
                                        [this](const RingPieces& output) { OnOutput(output); });
  if (unused_terminal_.valid()) TRY(ShowOn(std::move(unused_terminal_)));
  return pump_->Start();
}

Status Console::ShowOn(UniqueFd terminal) {
  if (is_foreground_) {
    // A job that a shell puts into the background is told by errors, not stopped.
    ::signal(SIGTTIN, SIG_IGN);
    ::signal(SIGTTOU, SIG_IGN);
  }
  if (IsInForeground(terminal.get())) {
    // The container's own terminal settings are those that count.
    auto mode = RawMode::Set(terminal.get());
    if (!mode) return Forward(std::move(mode).error());
    terminal_mode_ = *std::move(mode);
  }
  const auto on_gone = [this] {
    terminal_mode_.reset();
    terminal_.reset();
  };
  AttachedTerminal::Callbacks callbacks{.on_gone = on_gone, .on_full = nullptr};
  // A person who stops the output of a program in the foreground stops the program.
  if (is_foreground_) callbacks.on_full = [this](bool full) { pump_->Hold(full); };
  auto attached =
      AttachedTerminal::Create(loop_, std::move(terminal), *input_, std::move(callbacks));
  if (!attached) return Forward(std::move(attached).error());
  terminal_ = *std::move(attached);
  UpdateWindowSize();
  return is_foreground_ ? WatchWindowSize() : Status();
}

Status Console::WatchWindowSize() {
  sigset_t changed;
  sigemptyset(&changed);
  sigaddset(&changed, SIGWINCH);
  if (sigprocmask(SIG_BLOCK, &changed, nullptr) != 0) return ErrnoFailure("sigprocmask()");
  size_signals_ = UniqueFd(signalfd(-1, &changed, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!size_signals_.valid()) return ErrnoFailure("signalfd(SIGWINCH)");
  return loop_.Add(size_signals_.get(), EPOLLIN, [this](uint32_t) {
    signalfd_siginfo info{};
    if (read(size_signals_.get(), &info, sizeof(info)) > 0) UpdateWindowSize();
  });
}

Status Console::Adopt(ChildTty console, std::vector<ChildTty> ttys) {
  ttys_.clear();
  for (ChildTty& tty : ttys) {
    ttys_.push_back({.ends = std::move(tty), .is_lent = std::make_shared<bool>(false)});
  }
  if (!console.master.valid()) return {};
  TRY(SetBlocking(console.master.get(), false));
  peer_ = std::move(console.peer);
  return Connect(std::move(console.master));
}

void Console::OnOutput(const RingPieces& output) {
  if (log_) {
    // A full disk is no reason to stop the container, nor to say so for every line.
    const Status written = log_->Write(output);
    if (!written && !log_failed_ && written.error().code != EAGAIN) on_error_(written.error());
    log_failed_ = !written;
  }
  if (terminal_) terminal_->Show(output);
  if (client_) client_->Show(output);
}

void Console::Catch() {
  if (pump_) pump_->ReadAvailable(kPassage);
}

void Console::Drain() {
  if (pump_) pump_->ReadAvailable(kWhatPtysHold);
  if (terminal_) terminal_->Finish(kLastWords);
  if (!log_ || !buffer_) return;
  if (const Status restored = log_->Restore(*buffer_); !restored) on_error_(restored.error());
}

Result<Console::Attachment> Console::Attach(int number) {
  return number == kConsoleNumber ? AttachConsole() : AttachTty(number);
}

Result<Console::Attachment> Console::AttachConsole() {
  if (!pump_) return Failure(ENODEV, "the container has no console");
  if (client_ || terminal_) return Failure(EBUSY, "the console is shown elsewhere");
  auto between = OpenPty();
  if (!between) return Forward(std::move(between).error());
  // The console's own settings decide about lines and echo.
  TRY(MakeRaw(between->peer.get()));
  // The client's end behaves as the primary of any other tty.
  TRY(SetBlocking(between->primary.get(), true));
  TRY(SetBlocking(between->peer.get(), false));
  auto client =
      AttachedTerminal::Create(loop_, std::move(between->peer), *input_,
                               {.on_gone = [this] { client_.reset(); }, .on_full = nullptr});
  if (!client) return Forward(std::move(client).error());
  client_ = *std::move(client);
  return Attachment{.number = kConsoleNumber,
                    .primary = std::move(between->primary),
                    .release = [this, lent = std::weak_ptr(client_)] {
                      // While the client is there, so is its console.
                      if (const auto client = lent.lock()) client_.reset();
                    }};
}

Result<Console::Attachment> Console::AttachTty(int number) {
  const auto count = static_cast<int>(ttys_.size());
  if (number < kAnyTty || number > count) {
    return Failure(ENXIO, fmt::format("tty {} of {}", number, count));
  }
  const bool is_any = number == kAnyTty;
  const int last = is_any ? count : number;
  for (int i = is_any ? 1 : number; i <= last; ++i) {
    Tty& tty = ttys_[static_cast<size_t>(i - 1)];
    if (*tty.is_lent) continue;
    auto primary = Copied(tty.ends.master);
    if (!primary) return Forward(std::move(primary).error());
    *tty.is_lent = true;
    return Attachment{.number = i,
                      .primary = *std::move(primary),
                      .release = [lent = std::weak_ptr(tty.is_lent)] {
                        if (const auto is_lent = lent.lock()) *is_lent = false;
                      }};
  }
  if (is_any) return Failure(EAGAIN, fmt::format("none of {} ttys is free", count));
  return Failure(EBUSY, fmt::format("tty {} is lent to another client", number));
}

void Console::UpdateWindowSize() {
  if (!pump_) return;
  if (client_) {
    CopyWindowSize(client_->fd(), primary_.get());
  } else if (terminal_) {
    CopyWindowSize(terminal_->fd(), primary_.get());
  }
}

}  // namespace lxcspec::runtime
