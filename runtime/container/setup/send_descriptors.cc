// SPDX-License-Identifier: Apache-2.0
//
// How init hands the descriptors of its devpts and ttys to its monitor: a message for each, and an
// empty one at the end.

#include "runtime/container/setup/send_descriptors.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "runtime/container/setup/setup.h"

namespace lxcspec::runtime {
namespace {

enum class Kind : int { kDevpts, kTty, kConsole, kEnd };

struct Message {
  Kind kind = Kind::kEnd;
  int number = -1;
};

constexpr size_t kMostDescriptors = 2;
using Control = std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))>;

// A message, with as many descriptors as are valid.
Status Send(int socket, Message message, std::array<int, kMostDescriptors> fds) {
  size_t count = 0;
  while (count < fds.size() && fds.at(count) >= 0) ++count;
  iovec part = {.iov_base = &message, .iov_len = sizeof message};
  alignas(cmsghdr) Control control = {};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (count > 0) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(count * sizeof(int));
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(rights), fds.data(), count * sizeof(int));
  }
  while (sendmsg(socket, &header, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return ErrnoFailure("send descriptors to the monitor");
  }
  return {};
}

Status SendTty(int socket, Kind kind, const ChildTty& tty) {
  return Send(socket, {.kind = kind, .number = tty.number}, {tty.master.get(), tty.peer.get()});
}

struct Received {
  Message message;
  std::array<UniqueFd, kMostDescriptors> fds;
};

Result<Received> Receive(int socket) {
  Received received;
  iovec part = {.iov_base = &received.message, .iov_len = sizeof received.message};
  alignas(cmsghdr) Control control = {};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  ssize_t count = 0;
  while ((count = recvmsg(socket, &header, MSG_CMSG_CLOEXEC)) < 0) {
    if (errno != EINTR) return ErrnoFailure("receive descriptors from init");
  }
  for (cmsghdr* one = CMSG_FIRSTHDR(&header); one != nullptr; one = CMSG_NXTHDR(&header, one)) {
    if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_RIGHTS) continue;
    const size_t present = (one->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < present; ++i) {
      int fd = -1;
      memcpy(&fd, CMSG_DATA(one) + i * sizeof fd, sizeof fd);
      UniqueFd owned(fd);
      if (i < received.fds.size()) received.fds.at(i) = std::move(owned);
    }
  }
  if (count != static_cast<ssize_t>(sizeof received.message)) {
    return Failure(ECONNRESET, "receive descriptors from init: it ended");
  }
  return received;
}

}  // namespace

Status SendDescriptors(int socket, const ChildDescriptors& descriptors) {
  if (socket < 0) return {};
  if (descriptors.devpts.valid()) {
    TRY(Send(socket, {.kind = Kind::kDevpts}, {descriptors.devpts.get(), -1}));
  }
  for (const ChildTty& tty : descriptors.ttys) TRY(SendTty(socket, Kind::kTty, tty));
  if (descriptors.console.master.valid()) {
    TRY(SendTty(socket, Kind::kConsole, descriptors.console));
  }
  return Send(socket, {.kind = Kind::kEnd}, {-1, -1});
}

Result<ChildDescriptors> ReceiveChildDescriptors(int socket) {
  ChildDescriptors descriptors;
  while (true) {
    auto received = Receive(socket);
    if (!received) return Forward(std::move(received).error());
    ChildTty tty{.master = std::move(received->fds[0]),
                 .peer = std::move(received->fds[1]),
                 .number = received->message.number};
    switch (received->message.kind) {
      case Kind::kDevpts:
        descriptors.devpts = std::move(tty.master);
        break;
      case Kind::kTty:
        descriptors.ttys.push_back(std::move(tty));
        break;
      case Kind::kConsole:
        descriptors.console = std::move(tty);
        break;
      case Kind::kEnd:
        return descriptors;
    }
  }
}

}  // namespace lxcspec::runtime
