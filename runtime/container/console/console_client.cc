// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/console/console_client.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/container/console/relay.h"

namespace lxcspec::runtime {
namespace {

// Of a borrowed tty, until its monitor says nothing any more: that it ends.
Status Proxy(LentTty& tty, const ProxyRequest& request) {
  RelayRequest relay{.primary = tty.primary.get(),
                     .in = request.in,
                     .out = request.out,
                     .escape = request.escape,
                     .ends_with_input = true,
                     .until = tty.connection.fd(),
                     .on_resize = nullptr};
  // The console is behind one more pty. It does with the size that it has, where this fails.
  if (tty.number == 0) {
    relay.on_resize = [&tty] { static_cast<void>(tty.connection.Ask(Command::kWindowSize)); };
  }
  return RunRelay(relay);
}

}  // namespace

Result<ConsoleLogBytes> QueryConsoleLog(KeptConnection& monitor, const Place& place,
                                        const ConsoleLogRequest& request, Patience patience) {
  // console_log.stopped console_log.after_stop console_log.any_object_reads
  auto answer = monitor.Query(place, Command::kConsoleLog, request.Encoded(), patience);
  if (!answer) return Forward(std::move(answer).error());
  if (!request.read) return ConsoleLogBytes();
  ConsoleLogAnswer log{.bytes = std::move(answer->body), .memfd = UniqueFd()};
  if (!answer->fds.empty()) log.memfd = std::move(answer->fds.front());
  return BytesOf(log);
}

Result<LentTty> BorrowTty(const Place& place, int number, Patience patience) {
  auto connection = MonitorConnection::Open(place, patience);
  if (!connection) return Forward(std::move(connection).error());
  auto answer = connection->Ask(Command::kConsole, std::to_string(number));
  if (!answer) return Forward(std::move(answer).error());
  const auto lent = ParseUnsigned(answer->body);
  if (!lent || answer->fds.size() != 1) {
    return Failure(EBADMSG, fmt::format("\"{}\" and {} descriptors instead of a tty", answer->body,
                                        answer->fds.size()));
  }
  return LentTty{.number = static_cast<int>(*lent),
                 .primary = std::move(answer->fds.front()),
                 .connection = *std::move(connection)};
}

Status RunProxy(const Place& place, const ProxyRequest& request) {
  auto tty = BorrowTty(place, request.tty);
  if (!tty) return Forward(std::move(tty).error());
  if (request.escape > 0 && isatty(request.err) != 0) {
    const char letter = static_cast<char>('a' + request.escape - 1);
    const std::string how = fmt::format(
        "\nThis is tty {0} of {1}. Ctrl-{2} q leaves it, Ctrl-{2} Ctrl-{2} types Ctrl-{2}.\n",
        tty->number, place.name, letter);
    TRY(WriteAllTo(request.err, how));
  }
  return Proxy(*tty, request);
}

}  // namespace lxcspec::runtime
