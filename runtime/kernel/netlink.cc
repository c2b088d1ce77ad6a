// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/netlink.h"

#include <fmt/format.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace lxcspec::runtime {
namespace {

// The kernel never makes a dump's part longer than 32 KiB.
constexpr size_t kLongestMessage = 64 * 1024;
// A list that changed while it was read is read again.
constexpr int kTries = 16;

size_t Aligned(size_t length) { return (length + NLMSG_ALIGNTO - 1) & ~size_t{NLMSG_ALIGNTO - 1}; }

template <typename Header>
Header HeaderAt(std::string_view bytes) {
  Header header;
  memcpy(&header, bytes.data(), sizeof header);
  return header;
}

// One datagram of the kernel's. Others that may send here are not listened to.
Result<std::string_view> ReceiveFromKernel(const UniqueFd& fd, std::vector<char>& buffer) {
  while (true) {
    sockaddr_nl sender = {};
    socklen_t length = sizeof sender;
    const ssize_t count = recvfrom(fd.get(), buffer.data(), buffer.size(), MSG_TRUNC,
                                   reinterpret_cast<sockaddr*>(&sender), &length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoFailure("receive from the routing netlink");
    if (sender.nl_pid != 0) continue;
    if (static_cast<size_t>(count) > buffer.size()) {
      return Failure(EMSGSIZE, "receive from the routing netlink");
    }
    return std::string_view(buffer.data(), static_cast<size_t>(count));
  }
}

}  // namespace

NetlinkRequest::NetlinkRequest(uint16_t type, uint16_t flags) {
  nlmsghdr header = {};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  Add(header);
}

NetlinkRequest& NetlinkRequest::AddBytes(std::string_view bytes) {
  bytes_ += bytes;
  bytes_.resize(Aligned(bytes_.size()));
  return *this;
}

NetlinkRequest& NetlinkRequest::AddAttribute(uint16_t type, std::string_view value) {
  nlattr header = {};
  header.nla_type = type;
  header.nla_len = static_cast<uint16_t>(sizeof header + value.size());
  Add(header);
  return AddBytes(value);
}

NetlinkRequest& NetlinkRequest::AddText(uint16_t type, const std::string& text) {
  return AddAttribute(type, {text.c_str(), text.size() + 1});
}

NetlinkRequest& NetlinkRequest::AddNumber(uint16_t type, uint32_t number) {
  return AddAttribute(type, {reinterpret_cast<const char*>(&number), sizeof number});
}

size_t NetlinkRequest::BeginNest(uint16_t type) {
  const size_t start = bytes_.size();
  AddAttribute(type, "");
  return start;
}

void NetlinkRequest::EndNest(size_t nest) {
  nlattr header = HeaderAt<nlattr>(std::string_view(bytes_).substr(nest));
  header.nla_len = static_cast<uint16_t>(bytes_.size() - nest);
  memcpy(bytes_.data() + nest, &header, sizeof header);
}

std::string NetlinkRequest::Finish(uint32_t sequence) const {
  std::string message = bytes_;
  nlmsghdr header = HeaderAt<nlmsghdr>(message);
  header.nlmsg_len = static_cast<uint32_t>(message.size());
  header.nlmsg_seq = sequence;
  memcpy(message.data(), &header, sizeof header);
  return message;
}

NetlinkAttributes ParseAttributes(std::string_view body, size_t skipped) {
  NetlinkAttributes found;
  body.remove_prefix(std::min(body.size(), Aligned(skipped)));
  while (body.size() >= sizeof(nlattr)) {
    const auto header = HeaderAt<nlattr>(body);
    if (header.nla_len < sizeof(nlattr) || header.nla_len > body.size()) break;
    found[header.nla_type & NLA_TYPE_MASK] =
        body.substr(sizeof(nlattr), header.nla_len - sizeof(nlattr));
    body.remove_prefix(std::min(body.size(), Aligned(header.nla_len)));
  }
  return found;
}

Result<NetlinkSocket> NetlinkSocket::Open() {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd.valid()) return ErrnoFailure("socket(NETLINK_ROUTE)");
  return NetlinkSocket(std::move(fd));
}

Status NetlinkSocket::Do(NetlinkRequest request) {
  const uint32_t sequence = ++sequence_;
  return Exchange(request.Finish(sequence), sequence, [](uint16_t, std::string_view) {});
}

Status NetlinkSocket::Dump(const NetlinkRequest& request,
                           const std::function<void(uint16_t, std::string_view)>& entry) {
  Status done;
  for (int tries = 0; tries < kTries; ++tries) {
    std::vector<std::pair<uint16_t, std::string>> entries;
    const uint32_t sequence = ++sequence_;
    done = Exchange(request.Finish(sequence), sequence, [&](uint16_t type, std::string_view body) {
      entries.emplace_back(type, body);
    });
    if (!done && done.error().code == EAGAIN) continue;
    TRY(done);
    for (const auto& [type, body] : entries) entry(type, body);
    return {};
  }
  return done;
}

Status NetlinkSocket::Exchange(const std::string& message, uint32_t sequence,
                               const std::function<void(uint16_t, std::string_view)>& entry) {
  sockaddr_nl kernel = {};
  kernel.nl_family = AF_NETLINK;
  if (sendto(fd_.get(), message.data(), message.size(), 0, reinterpret_cast<sockaddr*>(&kernel),
             sizeof kernel) < 0) {
    return ErrnoFailure("send to the routing netlink");
  }
  bool changed = false;
  std::vector<char> buffer(kLongestMessage);
  while (true) {
    auto received = ReceiveFromKernel(fd_, buffer);
    if (!received) return Forward(std::move(received).error());
    std::string_view rest = *received;
    while (rest.size() >= sizeof(nlmsghdr)) {
      const auto header = HeaderAt<nlmsghdr>(rest);
      if (header.nlmsg_len < sizeof(nlmsghdr) || header.nlmsg_len > rest.size()) {
        return Failure(EBADMSG, "the routing netlink's answer");
      }
      const std::string_view body =
          rest.substr(sizeof(nlmsghdr), header.nlmsg_len - sizeof(nlmsghdr));
      rest.remove_prefix(std::min(rest.size(), Aligned(header.nlmsg_len)));
      if (header.nlmsg_seq != sequence) continue;
      changed = changed || (header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      if (header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE) {
        const int code = body.size() < sizeof(int) ? 0 : HeaderAt<int>(body);
        if (code < 0) return Failure(-code, "the routing netlink refuses");
        if (changed) return Failure(EAGAIN, "the list changed while it was read");
        return {};
      }
      entry(header.nlmsg_type, body);
    }
  }
}

}  // namespace lxcspec::runtime
