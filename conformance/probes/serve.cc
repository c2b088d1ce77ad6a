// SPDX-License-Identifier: Apache-2.0

#include "conformance/probes/serve.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "conformance/probes/message.h"

namespace lxcspec::probe {

Answer Serve(const std::string& path, Answer (*run)(const std::vector<std::string>& words)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return {.error = ENAMETOOLONG, .text = path};
  memcpy(address.sun_path, path.c_str(), path.size() + 1);

  const int socket_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (socket_fd < 0) return {.error = errno, .text = "socket"};
  if (connect(socket_fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    const int error = errno;
    close(socket_fd);
    return {.error = error, .text = "connect " + path};
  }

  std::string message(kMessageSize, '\0');
  while (true) {
    const ssize_t got = recv(socket_fd, message.data(), message.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    const Answer answer = run(SplitWords({message.data(), static_cast<size_t>(got)}));
    std::string reply = JoinWords({std::to_string(answer.error), answer.text});
    if (reply.size() > kMessageSize) reply.resize(kMessageSize);
    if (send(socket_fd, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) break;
  }
  close(socket_fd);
  return {};
}

}  // namespace lxcspec::probe
