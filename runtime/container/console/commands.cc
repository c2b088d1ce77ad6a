// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/console/commands.h"

#include <cerrno>
#include <string>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/extensions/console_log.h"

namespace lxcspec::runtime {
namespace {

Reply NoConsole() {
  return FailedReply({.code = ENODEV, .attempted = "the container has no console at the moment"});
}

Reply ReadLog(Console& console, const std::string& body) {
  const auto request = ConsoleLogRequest::Decode(body);
  if (!request) return FailedReply(request.error());
  // console_log.reads_console
  console.Catch();
  auto answer = AnswerConsoleLog(console.buffer(), *request);
  if (!answer) return FailedReply(answer.error());
  Reply reply{.code = 0, .body = std::move(answer->bytes), .fds = {}};
  if (answer->memfd.valid()) reply.fds.push_back(std::move(answer->memfd));
  return reply;
}

void Lend(const std::function<Console*()>& find, const Request& request, const Client& client) {
  const auto wanted = ParseSigned(request.body);
  if (!wanted || *wanted != static_cast<int>(*wanted)) {
    return client.Send(FailedReply({.code = EINVAL, .attempted = "no number of a tty"}));
  }
  Console* console = find();
  if (console == nullptr) return client.Send(NoConsole());
  auto attachment = console->Attach(static_cast<int>(*wanted));
  if (!attachment) return client.Send(FailedReply(attachment.error()));
  client.OnGone(std::move(attachment->release));
  Reply reply{.code = 0, .body = std::to_string(attachment->number), .fds = {}};
  reply.fds.push_back(std::move(attachment->primary));
  client.Send(std::move(reply));
}

}  // namespace

void HandleConsoleCommands(CommandServer& server, const std::function<Console*()>& console) {
  server.Handle(Command::kConsoleLog, [console](const Request& request) {
    Console* found = console();
    return found != nullptr ? ReadLog(*found, request.body) : NoConsole();
  });
  server.HandleLate(Command::kConsole, [console](const Request& request, const Client& client) {
    Lend(console, request, client);
  });
  server.Handle(Command::kWindowSize, [console](const Request&) {
    Console* found = console();
    if (found == nullptr) return NoConsole();
    found->UpdateWindowSize();
    return Reply();
  });
}

}  // namespace lxcspec::runtime
