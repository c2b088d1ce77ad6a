// SPDX-License-Identifier: Apache-2.0

#include "conformance/probes/channel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "conformance/probes/message.h"

namespace lxcspec {
namespace {

Status AwaitInput(int fd, std::chrono::milliseconds timeout, const char* what) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    const int ready = poll(&entry, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
    if (ready > 0) return {};
    if (ready == 0) return Fail(ETIMEDOUT, what);
    if (errno != EINTR) return FailErrno(what);
  }
}

}  // namespace

Result<ProbeChannel> ProbeChannel::Listen(const std::filesystem::path& rootfs,
                                          const std::string& name) {
  UniqueFd folder(open(rootfs.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return FailErrno(fmt::format("open({}, O_PATH)", rootfs.string()));
  UniqueFd listener(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!listener) return FailErrno("socket(AF_UNIX, SOCK_SEQPACKET)");

  // A socket's address is at most 107 bytes long, a scratch folder's path may be longer.
  const std::string path = fmt::format("/proc/self/fd/{}/{}", folder.get(), name);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return Fail(ENAMETOOLONG, path);
  memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return FailErrno(fmt::format("bind({})", name));
  }
  // The container's root may be another user here.
  if (fchmodat(folder.get(), name.c_str(), 0666, 0) != 0) {
    return FailErrno(fmt::format("chmod({})", name));
  }
  if (listen(listener.get(), 1) != 0) return FailErrno(fmt::format("listen({})", name));
  return ProbeChannel(std::move(listener));
}

Result<pid_t> ProbeChannel::Accept(std::chrono::milliseconds timeout) {
  RETURN_IF_ERROR(AwaitInput(listener_.get(), timeout, "waiting for the probe to connect"));
  UniqueFd peer(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!peer) return FailErrno("accept4()");
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (getsockopt(peer.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return FailErrno("getsockopt(SO_PEERCRED)");
  }
  peer_ = std::move(peer);
  return credentials.pid;
}

Status ProbeChannel::Tell(const std::vector<std::string>& words) {
  const std::string message = JoinWords(words);
  if (send(peer_.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0) {
    return FailErrno(fmt::format("telling the probe: {}", words.empty() ? "" : words[0]));
  }
  return {};
}

Result<std::string> ProbeChannel::Ask(const std::vector<std::string>& words,
                                      std::chrono::milliseconds timeout) {
  RETURN_IF_ERROR(Tell(words));
  RETURN_IF_ERROR(AwaitInput(peer_.get(), timeout, "waiting for the probe's answer"));
  std::string reply(kMessageSize, '\0');
  const ssize_t got = recv(peer_.get(), reply.data(), reply.size(), 0);
  if (got < 0) return FailErrno("reading the probe's answer");
  if (got == 0) return Fail(ECONNRESET, "reading the probe's answer");
  reply.resize(static_cast<size_t>(got));

  const std::vector<std::string> answer = SplitWords(reply);
  int error = EPROTO;
  std::from_chars(answer[0].data(), answer[0].data() + answer[0].size(), error);
  std::string text = answer.size() > 1 ? answer[1] : "";
  if (error != 0) return Fail(error, fmt::format("probe {}: {}", words[0], text));
  return text;
}

}  // namespace lxcspec
