// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/netlink.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <memory>
#include <vector>

namespace lxcspec {
namespace {

struct CloseSocket {
  void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
};
using Socket = std::unique_ptr<mnl_socket, CloseSocket>;

Result<Socket> OpenSocket() {
  Socket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
  if (socket == nullptr) return FailErrno("socket(NETLINK_ROUTE)");
  if (mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) != 0) {
    return FailErrno("bind(NETLINK_ROUTE)");
  }
  return socket;
}

int OnMessage(const nlmsghdr* message, void* each) {
  const auto& call = *static_cast<const std::function<void(const nlmsghdr*)>*>(each);
  if (call) call(message);
  return MNL_CB_OK;
}

int OnAttribute(const nlattr* attribute, void* attributes) {
  (*static_cast<NetlinkAttributes*>(attributes))[mnl_attr_get_type(attribute)] = attribute;
  return MNL_CB_OK;
}

Status SendAndReceive(NetlinkMessage& message, const std::string& what,
                      const std::function<void(const nlmsghdr*)>& each) {
  ASSIGN_OR_RETURN(const Socket socket, OpenSocket());
  constexpr unsigned kSequence = 1;
  message.get()->nlmsg_seq = kSequence;
  if (mnl_socket_sendto(socket.get(), message.get(), message.get()->nlmsg_len) < 0) {
    return FailErrno("send: " + what);
  }
  const unsigned port = mnl_socket_get_portid(socket.get());
  std::vector<char> buffer(1 << 16);
  while (true) {
    const ssize_t got = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
    if (got < 0) return FailErrno("receive an answer: " + what);
    void* data = const_cast<std::function<void(const nlmsghdr*)>*>(&each);
    const int next =
        mnl_cb_run(buffer.data(), static_cast<size_t>(got), kSequence, port, OnMessage, data);
    if (next < 0) return FailErrno(what);
    if (next == MNL_CB_STOP) return {};
  }
}

}  // namespace

Result<IpAddress> IpAddress::Parse(const std::string& text) {
  const size_t slash = text.find('/');
  const std::string host = text.substr(0, slash);
  IpAddress address;
  address.family_ = host.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (inet_pton(address.family_, host.c_str(), address.bytes_.data()) != 1) {
    return Fail(EINVAL, "read as an address: " + text);
  }
  address.prefix_ = static_cast<int>(address.size() * 8);
  if (slash != std::string::npos) {
    const char* const end = text.data() + text.size();
    if (std::from_chars(text.data() + slash + 1, end, address.prefix_).ptr != end) {
      return Fail(EINVAL, "read as an address with a prefix: " + text);
    }
  }
  return address;
}

IpAddress IpAddress::FromBytes(int family, const void* bytes, size_t size, int prefix) {
  IpAddress address;
  address.family_ = family;
  address.prefix_ = prefix;
  if (size > 0) memcpy(address.bytes_.data(), bytes, std::min(size, address.bytes_.size()));
  return address;
}

size_t IpAddress::size() const { return family_ == AF_INET ? 4 : 16; }

std::string IpAddress::Text() const {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(family_, bytes_.data(), text, sizeof text);
  return text;
}

std::string IpAddress::TextWithPrefix() const { return fmt::format("{}/{}", Text(), prefix_); }

NetlinkMessage::NetlinkMessage(uint16_t type, uint16_t flags)
    : header_(mnl_nlmsg_put_header(bytes_.data())) {
  header_->nlmsg_type = type;
  header_->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
}

void NetlinkMessage::Nest(uint16_t type, const std::function<void()>& inside) {
  nlattr* const nest = mnl_attr_nest_start(header_, type);
  inside();
  mnl_attr_nest_end(header_, nest);
}

void NetlinkMessage::NestLink(uint16_t type, const std::function<void()>& inside) {
  Nest(type, [&] {
    PutFixed(ifinfomsg{});
    inside();
  });
}

Status Transact(NetlinkMessage& message, const std::string& what) {
  message.get()->nlmsg_flags |= NLM_F_ACK;
  return SendAndReceive(message, what, nullptr);
}

Status Dump(NetlinkMessage& message, const std::string& what,
            const std::function<void(const nlmsghdr*)>& each) {
  constexpr int kTries = 16;
  message.get()->nlmsg_flags |= NLM_F_DUMP;
  Status done;
  // A list that changed while it was read is read again.
  for (int tries = 0; tries < kTries; ++tries) {
    std::vector<std::vector<char>> entries;
    done = SendAndReceive(message, what, [&](const nlmsghdr* entry) {
      const auto* const bytes = reinterpret_cast<const char*>(entry);
      entries.emplace_back(bytes, bytes + entry->nlmsg_len);
    });
    if (!done && done.error().code == EINTR) continue;
    RETURN_IF_ERROR(done);
    for (const auto& entry : entries) each(reinterpret_cast<const nlmsghdr*>(entry.data()));
    return {};
  }
  return done;
}

NetlinkAttributes AttributesOf(const nlmsghdr* message, size_t fixed_size) {
  NetlinkAttributes attributes;
  mnl_attr_parse(message, static_cast<unsigned>(fixed_size), OnAttribute, &attributes);
  return attributes;
}

NetlinkAttributes AttributesOf(const nlattr* nest) {
  NetlinkAttributes attributes;
  mnl_attr_parse_nested(nest, OnAttribute, &attributes);
  return attributes;
}

}  // namespace lxcspec
