// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/pty.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <utility>

namespace lxcspec::runtime {

namespace {

constexpr int kPrimaryFlags = O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK;

Result<Pty> Unlocked(UniqueFd primary) {
  Pty pty{.primary = std::move(primary)};
  int locked = 0;
  if (ioctl(pty.primary.get(), TIOCSPTLCK, &locked) != 0) return ErrnoFailure("TIOCSPTLCK");
  int number = 0;
  if (ioctl(pty.primary.get(), TIOCGPTN, &number) != 0) return ErrnoFailure("TIOCGPTN");
  pty.path = fmt::format("/dev/pts/{}", number);
  // Not by path, which may lead to another instance.
  pty.peer = UniqueFd(ioctl(pty.primary.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!pty.peer.valid()) return ErrnoFailure(fmt::format("TIOCGPTPEER of {}", pty.path));
  return pty;
}

}  // namespace

Result<Pty> OpenPty() {
  UniqueFd primary(open("/dev/ptmx", kPrimaryFlags));
  if (!primary.valid()) return ErrnoFailure("open(/dev/ptmx)");
  return Unlocked(std::move(primary));
}

Result<Pty> OpenPtyOf(const UniqueFd& devpts) {
  // Within an instance the name is the kernel's own.
  UniqueFd primary(openat(devpts.get(), "ptmx", kPrimaryFlags | O_NOFOLLOW));
  if (!primary.valid()) return ErrnoFailure("open(ptmx) of a container");
  return Unlocked(std::move(primary));
}

Status SetBlocking(int fd, bool blocks) {
  const int flags = fcntl(fd, F_GETFL);
  const int wanted = blocks ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
  if (flags < 0 || fcntl(fd, F_SETFL, wanted) != 0) return ErrnoFailure("fcntl(O_NONBLOCK)");
  return {};
}

Result<winsize> WindowSize(int terminal) {
  winsize size{};
  if (ioctl(terminal, TIOCGWINSZ, &size) != 0) return ErrnoFailure("TIOCGWINSZ");
  return size;
}

Status SetWindowSize(int terminal, const winsize& size) {
  if (ioctl(terminal, TIOCSWINSZ, &size) != 0) return ErrnoFailure("TIOCSWINSZ");
  return {};
}

void CopyWindowSize(int from, int to) {
  if (const auto size = WindowSize(from)) static_cast<void>(SetWindowSize(to, *size));
}

Status MakeRaw(int terminal) {
  termios settings{};
  if (tcgetattr(terminal, &settings) != 0) return ErrnoFailure("tcgetattr()");
  cfmakeraw(&settings);
  // The other ways of setting it wait for the terminal's output to be taken.
  if (tcsetattr(terminal, TCSANOW, &settings) != 0) return ErrnoFailure("tcsetattr()");
  return {};
}

Result<RawMode> RawMode::Set(int terminal) {
  termios before{};
  if (tcgetattr(terminal, &before) != 0) return ErrnoFailure("tcgetattr()");
  TRY(MakeRaw(terminal));
  return RawMode(terminal, before);
}

RawMode::RawMode(RawMode&& other) noexcept
    : terminal_(std::exchange(other.terminal_, -1)), before_(other.before_) {}

RawMode& RawMode::operator=(RawMode&& other) noexcept {
  std::swap(terminal_, other.terminal_);
  std::swap(before_, other.before_);
  return *this;
}

RawMode::~RawMode() {
  if (terminal_ >= 0) tcsetattr(terminal_, TCSANOW, &before_);
}

}  // namespace lxcspec::runtime
