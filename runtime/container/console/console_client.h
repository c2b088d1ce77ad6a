// SPDX-License-Identifier: Apache-2.0
//
// The client's side of a container's console and ttys.

#ifndef LXCSPEC_RUNTIME_CONTAINER_CONSOLE_CONSOLE_CLIENT_H_
#define LXCSPEC_RUNTIME_CONTAINER_CONSOLE_CONSOLE_CLIENT_H_

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/container/client.h"
#include "runtime/container/command.h"
#include "runtime/container/kept_connection.h"
#include "runtime/extensions/console_log.h"

namespace lxcspec::runtime {

// What a request for the console's log brings; nothing for one that does not read.
Result<ConsoleLogBytes> QueryConsoleLog(KeptConnection& monitor, const Place& place,
                                        const ConsoleLogRequest& request,
                                        Patience patience = std::nullopt);

struct LentTty {
  // 0: the console.
  int number = 0;
  UniqueFd primary;
  // While it is open the tty is this client's.
  MonitorConnection connection;
};

// Borrows a tty: 0 the console, -1 any that is free. Fails as Console::Attach() does.
Result<LentTty> BorrowTty(const Place& place, int number, Patience patience = std::nullopt);

struct ProxyRequest {
  int tty = -1;
  // The caller's terminal, or whatever stands for it.
  int in = 0;
  int out = 1;
  // Is told how to leave, where it is a terminal.
  int err = 2;
  // The control character that, before a q, leaves; 1: ^A. Twice it is itself. 0 or less: none.
  int escape = 1;
};

// Connects the caller's terminal with a tty until the caller leaves or the container ends.
Status RunProxy(const Place& place, const ProxyRequest& request);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_CONSOLE_CONSOLE_CLIENT_H_
