// SPDX-License-Identifier: Apache-2.0
//
// The client's end of the command socket.

#ifndef LXCSPEC_RUNTIME_CONTAINER_CLIENT_H_
#define LXCSPEC_RUNTIME_CONTAINER_CLIENT_H_

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/container/command.h"

namespace lxcspec::runtime {

// How long one call waits for the monitor; nothing: for ever.
using Patience = std::optional<std::chrono::milliseconds>;

struct Answer {
  std::string body;
  std::vector<UniqueFd> fds;
};

// A connection to a running container's monitor.
class MonitorConnection {
 public:
  // ECONNREFUSED where the container is stopped. EPERM where whoever listens is neither root, nor
  // this user, nor the owner of the container's folder.
  static Result<MonitorConnection> Open(const Place& place, Patience patience = std::nullopt);

  // Sends a request and waits for its answer. Fails with the errno that the monitor answered,
  // ECONNRESET where it ended instead, EAGAIN where it took too long.
  Result<Answer> Ask(Command command, std::string_view body = "", std::span<const int> fds = {});

  // Waits for a further answer to the last request. Nothing where the monitor has ended.
  Result<std::optional<Answer>> Next();

  // Readable when there is something for Next().
  int fd() const { return socket_.get(); }

  // The connection itself, for who holds something as long as it is open.
  UniqueFd Release() && { return std::move(socket_); }

 private:
  explicit MonitorConnection(UniqueFd socket) : socket_(std::move(socket)) {}

  UniqueFd socket_;
};

// One request over a connection of its own.
Result<Answer> Query(const Place& place, Command command, std::string_view body = "",
                     Patience patience = std::nullopt);

// The same for an answer that is a descriptor.
Result<UniqueFd> QueryDescriptor(const Place& place, Command command, std::string_view body = "",
                                 Patience patience = std::nullopt);

// The init of a running container: its number, for people, and the process itself.
Result<pid_t> QueryInitPid(const Place& place, Patience patience = std::nullopt);
Result<UniqueFd> QueryInitPidfd(const Place& place, Patience patience = std::nullopt);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_CLIENT_H_
