// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/notify_proxy.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

namespace lxcspec {
namespace {

constexpr size_t kLargestMessage = size_t{64} * 1024;
constexpr size_t kMostDescriptors = 16;

// An object of this type from a message that may be too short for it.
template <typename T>
T ReadAt(const std::string& bytes, size_t offset) {
  T value{};
  if (offset < bytes.size()) {
    std::memcpy(&value, bytes.data() + offset, std::min(sizeof(value), bytes.size() - offset));
  }
  return value;
}

Result<UniqueFd> ListenAt(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof(address.sun_path)) return Fail(ENAMETOOLONG, name);
  std::memcpy(address.sun_path, name.data(), name.size());
  socklen_t length = sizeof(address);
  if (name.starts_with('@')) {
    address.sun_path[0] = '\0';
    length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  } else {
    unlink(name.c_str());
  }
  UniqueFd listener(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!listener) return FailErrno("socket(AF_UNIX, SOCK_SEQPACKET)");
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    return FailErrno(fmt::format("bind({})", name));
  }
  if (listen(listener.get(), SOMAXCONN) != 0) return FailErrno("listen");
  return listener;
}

// One message with its descriptors. Empty at the connection's end.
Result<ProxyRequest> ReceiveFrom(const UniqueFd& connection) {
  ProxyRequest request;
  request.bytes.resize(kLargestMessage);
  iovec data{.iov_base = request.bytes.data(), .iov_len = request.bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(kMostDescriptors * sizeof(int))];
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  const ssize_t got = recvmsg(connection.get(), &message, MSG_CMSG_CLOEXEC);
  if (got < 0) return FailErrno("recvmsg");
  request.bytes.resize(static_cast<size_t>(got));
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    for (size_t at = 0; at + sizeof(int) <= part->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + at, sizeof(fd));
      request.descriptors.emplace_back(fd);
    }
  }
  return request;
}

}  // namespace

ProxyHeader ProxyRequest::Header() const { return ReadAt<ProxyHeader>(bytes, 0); }

Notification ProxyRequest::Call() const {
  return FromKernel(ReadAt<seccomp_notif>(bytes, sizeof(ProxyHeader)));
}

seccomp_notif_resp ProxyRequest::Blank() const {
  return ReadAt<seccomp_notif_resp>(bytes, AnswerBegin());
}

std::string ProxyRequest::Cookie() const { return bytes.substr(AnswerEnd()); }

std::string ProxyRequest::Answer(const seccomp_notif_resp& answer) const {
  std::string reply = bytes.substr(0, AnswerEnd());
  const size_t begin = AnswerBegin();
  std::memcpy(reply.data() + begin, &answer, std::min(sizeof(answer), reply.size() - begin));
  return reply;
}

std::string ProxyRequest::AnswerErrno(int error) const {
  seccomp_notif_resp answer = Blank();
  answer.error = -error;
  return Answer(answer);
}

std::string ProxyRequest::AnswerValue(int64_t value) const {
  seccomp_notif_resp answer = Blank();
  answer.val = value;
  return Answer(answer);
}

std::string ProxyRequest::AnswerContinue() const {
  seccomp_notif_resp answer = Blank();
  answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  return Answer(answer);
}

size_t ProxyRequest::AnswerBegin() const {
  return std::min(sizeof(ProxyHeader) + Header().sizes.seccomp_notif, bytes.size());
}

size_t ProxyRequest::AnswerEnd() const {
  return std::min(AnswerBegin() + Header().sizes.seccomp_notif_resp, bytes.size());
}

Result<NotifyProxy> NotifyProxy::Listen(const std::string& name) {
  ASSIGN_OR_RETURN(UniqueFd listener, ListenAt(name));
  return NotifyProxy(name, std::move(listener));
}

Result<ProxyRequest> NotifyProxy::Receive(std::chrono::milliseconds unscaled) {
  const Deadline deadline(unscaled);
  while (true) {
    std::vector<pollfd> entries = {{.fd = listener_.get(), .events = POLLIN, .revents = 0}};
    for (const UniqueFd& connection : connections_) {
      entries.push_back({.fd = connection.get(), .events = POLLIN, .revents = 0});
    }
    const int ready = poll(entries.data(), entries.size(), deadline.LeftMs());
    if (ready == 0) return Fail(ETIMEDOUT, "wait for a message to the proxy");
    if (ready < 0 && errno != EINTR) return FailErrno("poll");
    if (ready < 0) continue;
    for (size_t i = connections_.size(); i > 0; --i) {
      if (entries[i].revents == 0) continue;
      last_ = i - 1;
      ASSIGN_OR_RETURN(ProxyRequest request, ReceiveFrom(connections_[last_]));
      if (!request.bytes.empty()) return request;
      HangUp();
    }
    if (entries[0].revents != 0) {
      UniqueFd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!connection) return FailErrno("accept4");
      connections_.push_back(std::move(connection));
    }
  }
}

Status NotifyProxy::Send(const std::string& bytes) {
  const ssize_t sent = send(connections_.at(last_).get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(bytes.size())) return FailErrno("send");
  return {};
}

void NotifyProxy::HangUp() {
  connections_.erase(connections_.begin() + static_cast<std::ptrdiff_t>(last_));
}

void NotifyProxy::Die() {
  connections_.clear();
  if (!listener_) return;
  listener_.Reset();
  if (!name_.starts_with('@')) unlink(name_.c_str());
}

Status NotifyProxy::Restart() {
  ASSIGN_OR_RETURN(listener_, ListenAt(name_));
  return {};
}

Result<bool> NotifyProxy::HasConnections() {
  pollfd entry{.fd = listener_.get(), .events = POLLIN, .revents = 0};
  if (poll(&entry, 1, 0) < 0) return FailErrno("poll");
  return !connections_.empty() || entry.revents != 0;
}

}  // namespace lxcspec
