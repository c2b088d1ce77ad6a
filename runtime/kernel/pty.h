// SPDX-License-Identifier: Apache-2.0
//
// Pseudo-terminals, and terminals that are set to raw for a while.

#ifndef LXCSPEC_RUNTIME_KERNEL_PTY_H_
#define LXCSPEC_RUNTIME_KERNEL_PTY_H_

#include <sys/ioctl.h>
#include <termios.h>

#include <optional>
#include <string>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

struct Pty {
  // Does not block.
  UniqueFd primary;
  // The side that programs see as their terminal. While it is open, the primary sees no hang-up.
  UniqueFd peer;
  // Where the peer is: /dev/pts/3
  std::string path;
};

// A pty of this mount namespace's devpts; nobody's controlling terminal.
Result<Pty> OpenPty();

// The same of the devpts whose root that is. The path is the one that it usually has.
Result<Pty> OpenPtyOf(const UniqueFd& devpts);

// Whether reads and writes through this open file, whoever holds it, wait.
Status SetBlocking(int fd, bool blocks);

// ENOTTY for what is no terminal.
Result<winsize> WindowSize(int terminal);
Status SetWindowSize(int terminal, const winsize& size);

// Gives a terminal the other's size. Does nothing where either is no terminal.
void CopyWindowSize(int from, int to);

// Passes every byte, in both directions, unaltered, from now on. ENOTTY for what is no terminal.
Status MakeRaw(int terminal);

// Passes every byte, in both directions, unaltered, until it is given up: then the settings that
// were before return.
class RawMode {
 public:
  // The descriptor stays the caller's, who closes it later. ENOTTY for what is no terminal.
  static Result<RawMode> Set(int terminal);

  RawMode(RawMode&& other) noexcept;
  RawMode& operator=(RawMode&& other) noexcept;
  ~RawMode();

 private:
  RawMode(int terminal, const termios& before) : terminal_(terminal), before_(before) {}

  int terminal_;
  termios before_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_PTY_H_
