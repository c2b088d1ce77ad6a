// SPDX-License-Identifier: Apache-2.0
//
// Between a user's terminal and the primary of a pty, in a client's process.

#ifndef LXCSPEC_RUNTIME_CONTAINER_CONSOLE_RELAY_H_
#define LXCSPEC_RUNTIME_CONTAINER_CONSOLE_RELAY_H_

#include <functional>
#include <string_view>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

struct RelayRequest {
  // Is set not to block.
  int primary = -1;
  // The user's terminal, which is raw meanwhile and gives the pty its size, or whatever stands for
  // it; -1: nothing is typed.
  int in = -1;
  // -1: what is shown is dropped.
  int out = -1;
  // The control character that, before a q, leaves; 1: ^A. Twice it is itself. 0 or less: none.
  int escape = 0;
  // Whether it is over when there is no more input.
  bool ends_with_input = false;
  // It is over when this can be read and all output was shown; -1: when the pty is hung up.
  int until = -1;
  // After the pty was given its size.
  std::function<void()> on_resize;
};

// Returns when it is over, or the user left.
Status RunRelay(const RelayRequest& request);

// Waits where the descriptor takes no more.
Status WriteAllTo(int fd, std::string_view bytes);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_CONSOLE_RELAY_H_
