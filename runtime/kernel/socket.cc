// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace lxcspec::runtime {
namespace {

constexpr int kBacklog = 128;

struct Address {
  sockaddr_un address;
  socklen_t length;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

Result<Address> Abstract(std::string_view name) {
  static_assert(kLongestAbstractName == sizeof(sockaddr_un::sun_path) - 1);
  if (name.size() > kLongestAbstractName) {
    return Failure(ENAMETOOLONG, fmt::format("the address @{}", name));
  }
  Address made{.address = {.sun_family = AF_UNIX, .sun_path = {}}, .length = 0};
  memcpy(made.address.sun_path + 1, name.data(), name.size());
  made.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return made;
}

Status LimitTime(const UniqueFd& socket, std::chrono::milliseconds timeout) {
  const timeval limit{.tv_sec = timeout.count() / 1000, .tv_usec = timeout.count() % 1000 * 1000};
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    if (setsockopt(socket.get(), SOL_SOCKET, option, &limit, sizeof(limit)) != 0) {
      return ErrnoFailure("setsockopt(SO_RCVTIMEO)");
    }
  }
  return {};
}

union ControlBuffer {
  cmsghdr aligned;
  std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> bytes;
};

void TakeDescriptors(msghdr& message, std::vector<UniqueFd>& fds) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
       control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      memcpy(&fd, CMSG_DATA(control) + i * sizeof(int), sizeof(int));
      fds.emplace_back(fd);
    }
  }
}

}  // namespace

Status ListenAsThisProcess(const UniqueFd& listener) {
  if (listen(listener.get(), kBacklog) != 0) return ErrnoFailure("listen()");
  return {};
}

Result<UniqueFd> ListenAbstract(std::string_view name) {
  const auto address = Abstract(name);
  if (!address) return Forward(address.error());
  UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener.valid()) return ErrnoFailure("socket(AF_UNIX)");
  if (bind(listener.get(), address->get(), address->length) != 0) {
    return ErrnoFailure(fmt::format("bind(@{})", name));
  }
  if (listen(listener.get(), kBacklog) != 0) return ErrnoFailure(fmt::format("listen(@{})", name));
  return listener;
}

Result<UniqueFd> ConnectAbstract(std::string_view name,
                                 std::optional<std::chrono::milliseconds> timeout) {
  const auto address = Abstract(name);
  if (!address) return Forward(address.error());
  UniqueFd connection(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection.valid()) return ErrnoFailure("socket(AF_UNIX)");
  if (timeout) TRY(LimitTime(connection, *timeout));
  while (connect(connection.get(), address->get(), address->length) != 0) {
    if (errno != EINTR) return ErrnoFailure(fmt::format("connect(@{})", name));
  }
  return connection;
}

Result<UniqueFd> Accept(const UniqueFd& listener) {
  UniqueFd connection(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!connection.valid()) return ErrnoFailure("accept4()");
  return connection;
}

Result<std::pair<UniqueFd, UniqueFd>> SocketPair(SocketKind kind) {
  std::array<int, 2> ends;
  const int type = kind == SocketKind::kStream ? SOCK_STREAM : SOCK_SEQPACKET;
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return ErrnoFailure("socketpair()");
  }
  return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

Result<Credentials> PeerOf(const UniqueFd& socket) {
  ucred peer{};
  socklen_t length = sizeof(peer);
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
    return ErrnoFailure("getsockopt(SO_PEERCRED)");
  }
  return Credentials{.pid = peer.pid, .uid = peer.uid, .gid = peer.gid};
}

Result<size_t> Send(const UniqueFd& socket, std::string_view bytes, std::span<const int> fds) {
  if (fds.size() > kMostDescriptors) return Failure(EINVAL, "sendmsg(): too many descriptors");
  ControlBuffer control{};
  iovec part{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  msghdr message{.msg_iov = &part, .msg_iovlen = 1};
  if (!fds.empty()) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  ssize_t sent = -1;
  do {
    sent = sendmsg(socket.get(), &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return ErrnoFailure("sendmsg()");
  return static_cast<size_t>(sent);
}

Status SendAll(const UniqueFd& socket, std::string_view bytes, std::span<const int> fds) {
  while (!bytes.empty()) {
    const auto sent = Send(socket, bytes, fds);
    if (!sent) return Forward(sent.error());
    bytes.remove_prefix(*sent);
    fds = {};
  }
  return {};
}

Result<size_t> Receive(const UniqueFd& socket, std::span<char> buffer, std::vector<UniqueFd>& fds) {
  ControlBuffer control{};
  iovec part{.iov_base = buffer.data(), .iov_len = buffer.size()};
  msghdr message{.msg_iov = &part,
                 .msg_iovlen = 1,
                 .msg_control = control.bytes.data(),
                 .msg_controllen = control.bytes.size()};
  ssize_t received = -1;
  do {
    received = recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
  } while (received < 0 && errno == EINTR);
  if (received < 0) return ErrnoFailure("recvmsg()");
  TakeDescriptors(message, fds);
  if ((message.msg_flags & MSG_CTRUNC) != 0) {
    return Failure(EBADMSG, "recvmsg(): too many descriptors");
  }
  return static_cast<size_t>(received);
}

}  // namespace lxcspec::runtime
