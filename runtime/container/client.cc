// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/client.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/kernel/socket.h"

namespace lxcspec::runtime {
namespace {

constexpr size_t kReadSize = size_t{256} * 1024;

// Anybody may listen on an address that is free, and would be handed what is meant for a monitor.
bool IsTrusted(uid_t uid, const Place& place) {
  if (uid == 0 || uid == geteuid()) return true;
  struct stat folder {};
  const bool found =
      stat(place.ToString().c_str(), &folder) == 0 || stat(place.lxcpath.c_str(), &folder) == 0;
  return found && folder.st_uid == uid;
}

// Reads `size` bytes. False where the other end closed before the first of them.
Result<bool> ReadBytes(const UniqueFd& socket, uint64_t size, std::string& bytes,
                       std::vector<UniqueFd>& fds) {
  bytes.clear();
  while (bytes.size() < size) {
    const size_t before = bytes.size();
    bytes.resize(before + std::min<uint64_t>(size - before, kReadSize));
    const auto count = Receive(socket, std::span(bytes).subspan(before), fds);
    if (!count) {
      // A monitor that ends with requests unread resets the connection.
      if (count.error().code == ECONNRESET && before == 0) return false;
      return Forward(count.error());
    }
    bytes.resize(before + *count);
    if (*count > 0) continue;
    if (before == 0) return false;
    return Failure(ECONNRESET, "the monitor ended in the middle of an answer");
  }
  return true;
}

}  // namespace

Result<MonitorConnection> MonitorConnection::Open(const Place& place, Patience patience) {
  auto socket = ConnectAbstract(CommandAddress(place), patience);
  if (!socket) return Forward(std::move(socket).error());
  const auto peer = PeerOf(*socket);
  if (!peer) return Forward(peer.error());
  if (!IsTrusted(peer->uid, place)) {
    return Failure(EPERM, fmt::format("user {} listens for {}", peer->uid, place.ToString()));
  }
  return MonitorConnection(*std::move(socket));
}

Result<Answer> MonitorConnection::Ask(Command command, std::string_view body,
                                      std::span<const int> fds) {
  std::string request = EncodedHeader(static_cast<uint32_t>(command), body.size());
  request += body;
  if (const auto sent = SendAll(socket_, request, fds); !sent) {
    const int code = sent.error().code == EPIPE ? ECONNRESET : sent.error().code;
    return Failure(code, sent.error().attempted);
  }
  auto answer = Next();
  if (!answer) return Forward(std::move(answer).error());
  if (!*answer) return Failure(ECONNRESET, "the monitor ended without an answer");
  return **std::move(answer);
}

Result<std::optional<Answer>> MonitorConnection::Next() {
  Answer answer;
  const auto begun = ReadBytes(socket_, kFrameHeaderSize, answer.body, answer.fds);
  if (!begun) return Forward(begun.error());
  if (!*begun) return std::nullopt;
  const auto header = DecodeHeader(answer.body, kLongestAnswer);
  if (!header) return Forward(header.error());
  const auto rest = ReadBytes(socket_, header->body_length, answer.body, answer.fds);
  if (!rest) return Forward(rest.error());
  if (!*rest) return Failure(ECONNRESET, "the monitor ended in the middle of an answer");
  if (header->word != 0) return Failure(static_cast<int>(header->word), std::move(answer.body));
  return answer;
}

Result<Answer> Query(const Place& place, Command command, std::string_view body,
                     Patience patience) {
  auto connection = MonitorConnection::Open(place, patience);
  if (!connection) return Forward(std::move(connection).error());
  return connection->Ask(command, body);
}

Result<UniqueFd> QueryDescriptor(const Place& place, Command command, std::string_view body,
                                 Patience patience) {
  auto answer = Query(place, command, body, patience);
  if (!answer) return Forward(std::move(answer).error());
  if (answer->fds.size() != 1) {
    return Failure(EBADMSG, fmt::format("{} descriptors came", answer->fds.size()));
  }
  return std::move(answer->fds.front());
}

Result<pid_t> QueryInitPid(const Place& place, Patience patience) {
  const auto answer = Query(place, Command::kInitPid, "", patience);
  if (!answer) return Forward(answer.error());
  const auto pid = ParseUnsigned(answer->body);
  if (!pid) return Failure(EBADMSG, fmt::format("\"{}\" is no process", answer->body));
  return static_cast<pid_t>(*pid);
}

Result<UniqueFd> QueryInitPidfd(const Place& place, Patience patience) {
  return QueryDescriptor(place, Command::kInitPidfd, "", patience);
}

}  // namespace lxcspec::runtime
