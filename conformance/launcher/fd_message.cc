// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/fd_message.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace lxcspec::launcher {
namespace {

constexpr int kFirstFd = 10;

// Room for the descriptors, aligned as cmsg(3) asks.
struct Control {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostMessageFds * sizeof(int))> bytes{};
};

// The next message's size.
Result<size_t> AwaitMessage(int socket) {
  ssize_t size = 0;
  do {
    size = recv(socket, nullptr, 0, MSG_PEEK | MSG_TRUNC);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return FailErrno("recv(MSG_PEEK)");
  if (size == 0) return Fail(ECONNRESET, "recv(MSG_PEEK)");
  return static_cast<size_t>(size);
}

Result<std::vector<UniqueFd>> TakeFds(msghdr& message) {
  std::vector<UniqueFd> fds;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      fds.emplace_back(fd);
    }
  }
  for (UniqueFd& fd : fds) {
    fd.Reset(fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstFd));
    if (!fd) return FailErrno("fcntl(F_DUPFD_CLOEXEC)");
  }
  return fds;
}

}  // namespace

Status SendMessage(int socket, const std::string& text, const std::vector<int>& fds) {
  if (fds.size() > kMostMessageFds) return Fail(EINVAL, "sendmsg(SCM_RIGHTS)");
  iovec data{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
  Control control;
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    memcpy(CMSG_DATA(part), fds.data(), fds.size() * sizeof(int));
  }
  ssize_t sent = 0;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return FailErrno("sendmsg()");
  return {};
}

Result<FdMessage> ReceiveMessage(int socket) {
  ASSIGN_OR_RETURN(const size_t size, AwaitMessage(socket));
  std::string text(size, '\0');
  iovec data{.iov_base = text.data(), .iov_len = text.size()};
  Control control;
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) < 0) return FailErrno("recvmsg()");
  ASSIGN_OR_RETURN(std::vector<UniqueFd> fds, TakeFds(message));
  return FdMessage{std::move(text), std::move(fds)};
}

}  // namespace lxcspec::launcher
