// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/datagrams.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "conformance/harness/netlink.h"
#include "conformance/harness/waiting.h"

namespace lxcspec {
namespace {

constexpr std::chrono::milliseconds kBetweenSends{50};
constexpr std::chrono::milliseconds kNothingComes{100};

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress AddressAndPort(const IpAddress& address, uint16_t port) {
  SocketAddress result;
  if (address.family() == AF_INET) {
    sockaddr_in v4{.sin_family = AF_INET, .sin_port = htons(port)};
    memcpy(&v4.sin_addr, address.bytes(), address.size());
    memcpy(&result.storage, &v4, result.size = sizeof v4);
  } else {
    sockaddr_in6 v6{.sin6_family = AF_INET6, .sin6_port = htons(port)};
    memcpy(&v6.sin6_addr, address.bytes(), address.size());
    memcpy(&result.storage, &v6, result.size = sizeof v6);
  }
  return result;
}

// Duplicate address detection waits up to a second before it asks, and another one for an answer:
// on a wire that is memory, that comes at once.
Status AwaitUsable(const NetNamespace& network, const std::string& address) {
  const Deadline deadline;
  while (true) {
    const bool last_look = deadline.Passed();
    ASSIGN_OR_RETURN(const std::vector<Address> all, network.Addresses());
    const auto waiting = std::find_if(all.begin(), all.end(), [&](const Address& each) {
      return each.tentative && each.address.starts_with(address + "/");
    });
    if (waiting == all.end()) return {};
    if (last_look) return Fail(ETIMEDOUT, "wait until " + address + " is not tentative");
    RETURN_IF_ERROR(
        network.WriteSysctl("net/ipv6/neigh/" + waiting->device + "/retrans_time_ms", "1"));
    PauseBetweenLooks();
  }
}

}  // namespace

Result<DatagramSocket> DatagramSocket::Bind(const NetNamespace& network,
                                            const std::string& address) {
  ASSIGN_OR_RETURN(const IpAddress parsed, IpAddress::Parse(address));
  RETURN_IF_ERROR(AwaitUsable(network, address));
  return network.Run([&]() -> Result<DatagramSocket> {
    UniqueFd fd(socket(parsed.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd) return FailErrno("socket(SOCK_DGRAM)");
    SocketAddress bound = AddressAndPort(parsed, 0);
    if (bind(fd.get(), bound.get(), bound.size) != 0) return FailErrno("bind(" + address + ")");
    if (getsockname(fd.get(), bound.get(), &bound.size) != 0) return FailErrno("getsockname");
    // The port is at the same place in both families.
    const auto* const named = reinterpret_cast<const sockaddr_in*>(&bound.storage);
    return DatagramSocket(std::move(fd), address, ntohs(named->sin_port));
  });
}

Status DatagramSocket::ForbidFragments() const {
  const int forbidden = IP_PMTUDISC_DO;
  if (setsockopt(fd_.get(), IPPROTO_IP, IP_MTU_DISCOVER, &forbidden, sizeof forbidden) != 0) {
    return FailErrno("setsockopt(IP_MTU_DISCOVER)");
  }
  return {};
}

Status DatagramSocket::Send(const std::string& text, const std::string& address,
                            uint16_t port) const {
  ASSIGN_OR_RETURN(const IpAddress parsed, IpAddress::Parse(address));
  const SocketAddress to = AddressAndPort(parsed, port);
  if (sendto(fd_.get(), text.data(), text.size(), 0, to.get(), to.size) < 0) {
    return FailErrno("sendto(" + address + ")");
  }
  return {};
}

Result<std::string> DatagramSocket::Receive(std::chrono::milliseconds unscaled) const {
  RETURN_IF_ERROR(AwaitReadable(fd_.get(), unscaled));
  char buffer[2048];
  const ssize_t got = recv(fd_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
  // An ICMP message about an earlier datagram comes as an error.
  if (got < 0) return FailErrno("recv on " + address_);
  return std::string(buffer, static_cast<size_t>(got));
}

Status Exchange(const Party& one, const Party& other) {
  ASSIGN_OR_RETURN(const DatagramSocket sender, DatagramSocket::Bind(one.network, one.address));
  ASSIGN_OR_RETURN(const DatagramSocket receiver,
                   DatagramSocket::Bind(other.network, other.address));
  // What is sent while a port is not forwarding yet is lost, so more than one is sent.
  const Deadline deadline;
  Error last{.code = ETIMEDOUT, .attempted = "await the question"};
  while (!deadline.Passed()) {
    if (auto sent = sender.Send("question", other.address, receiver.port()); !sent) {
      last = std::move(sent).error();
    }
    if (!receiver.Receive(kBetweenSends).has_value()) continue;
    last = {.code = ETIMEDOUT, .attempted = "await the answer"};
    break;
  }
  while (!deadline.Passed()) {
    if (auto sent = receiver.Send("answer", one.address, sender.port()); !sent) {
      last = std::move(sent).error();
    }
    if (sender.Receive(kBetweenSends).has_value()) return {};
  }
  last.attempted += " of an exchange from " + one.address + " to " + other.address + " and back";
  return Propagate(std::move(last));
}

Status ExpectNoWay(const Party& one, const Party& other, const Party& control_one,
                   const Party& control_other) {
  ASSIGN_OR_RETURN(const DatagramSocket sender, DatagramSocket::Bind(one.network, one.address));
  ASSIGN_OR_RETURN(const DatagramSocket receiver,
                   DatagramSocket::Bind(other.network, other.address));
  // That there is no route is one way of not arriving.
  static_cast<void>(sender.Send("strayed", other.address, receiver.port()));
  RETURN_IF_ERROR(Exchange(control_one, control_other));
  static_cast<void>(sender.Send("strayed", other.address, receiver.port()));
  if (receiver.Receive(kNothingComes).has_value()) {
    return Fail(EEXIST, "a datagram from " + one.address + " has come to " + other.address);
  }
  return {};
}

}  // namespace lxcspec
