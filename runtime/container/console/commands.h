// SPDX-License-Identifier: Apache-2.0
//
// What a monitor answers to clients of the console.

#ifndef LXCSPEC_RUNTIME_CONTAINER_CONSOLE_COMMANDS_H_
#define LXCSPEC_RUNTIME_CONTAINER_CONSOLE_COMMANDS_H_

#include <functional>

#include "runtime/container/command_server.h"
#include "runtime/container/console/console.h"

namespace lxcspec::runtime {

// Handles kConsole, kConsoleLog and kWindowSize. The console is asked for with each request, and is
// null while there is none.
//
//   kConsole     tty's number -> number of the one that is lent, and its primary; until the client
//                hangs up
//   kConsoleLog  ConsoleLogRequest -> ConsoleLogAnswer
//   kWindowSize  takes the size over from the terminal on which the console is shown
void HandleConsoleCommands(CommandServer& server, const std::function<Console*()>& console);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_CONSOLE_COMMANDS_H_
