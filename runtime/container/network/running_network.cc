// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/network/running_network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <string_view>
#include <utility>

#include "runtime/kernel/namespaces.h"
#include "runtime/kernel/path.h"
#include "runtime/kernel/pidfd.h"
#include "runtime/kernel/socket.h"

namespace lxcspec::runtime {
namespace {

constexpr char kLoopback[] = "lo";

// Opens the socket in the namespaces and gives it to the caller, or else the errno.
[[noreturn]] void OpenInside(const ProcessNamespaces& network, const ProcessNamespaces& with_user,
                             const UniqueFd& caller) {
  // Nobody in the container may look into a process that still holds the host's descriptors.
  prctl(PR_SET_DUMPABLE, 0);
  // Who has rights on the host keeps them, because a device moves back by them.
  Status done = network.Enter();
  if (!done && done.error().code == EPERM) done = with_user.Enter();
  auto socket = done ? NetlinkSocket::Open() : Result<NetlinkSocket>(Forward(done.error()));
  const int code = socket ? 0 : socket.error().code;
  const std::string_view word(reinterpret_cast<const char*>(&code), sizeof code);
  const std::array<int, 1> fds = {socket ? socket->fd().get() : -1};
  const auto sent =
      SendAll(caller, word, socket ? std::span<const int>(fds) : std::span<const int>());
  _exit(sent ? EXIT_SUCCESS : EXIT_FAILURE);
}

Result<NetlinkSocket> OpenSocketInside(const UniqueFd& init_pidfd, pid_t init_pid) {
  const auto network = ProcessNamespaces::Open(init_pidfd, init_pid, CLONE_NEWNET);
  if (!network) return Forward(network.error());
  const auto with_user =
      ProcessNamespaces::Open(init_pidfd, init_pid, CLONE_NEWNET | CLONE_NEWUSER);
  if (!with_user) return Forward(with_user.error());
  auto sockets = SocketPair();
  if (!sockets) return Forward(std::move(sockets).error());
  const pid_t child = fork();
  if (child < 0) return ErrnoFailure("fork()");
  if (child == 0) OpenInside(*network, *with_user, sockets->second);
  sockets->second = UniqueFd();
  std::array<char, sizeof(int)> word{};
  std::vector<UniqueFd> fds;
  const auto count = Receive(sockets->first, word, fds);
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!count) return Forward(count.error());
  int code = ECHILD;
  if (*count == word.size()) memcpy(&code, word.data(), sizeof code);
  if (code == 0 && fds.size() != 1) code = EBADMSG;
  if (code != 0) return Failure(code, "enter the container's network namespace");
  return NetlinkSocket(std::move(fds[0]));
}

// What ends in the kernel as a pattern or not at all is no name.
Status CheckName(const std::string& name) {
  const bool right = !name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." &&
                     name.find_first_of("/:% \t\n\v\f\r") == std::string::npos;
  if (right) return {};
  return Failure(EINVAL, fmt::format("\"{}\" is no name of a network device", name));
}

// By index.
Result<std::map<int, std::string>> Links(NetlinkSocket& socket) {
  std::map<int, std::string> links;
  const auto dumped = socket.Dump(NetlinkRequest(RTM_GETLINK, NLM_F_DUMP).Add(ifinfomsg{}),
                                  [&](uint16_t type, std::string_view body) {
                                    ifinfomsg header;
                                    if (type != RTM_NEWLINK || body.size() < sizeof header) return;
                                    memcpy(&header, body.data(), sizeof header);
                                    const auto attributes = ParseAttributes(body, sizeof header);
                                    const auto name = attributes.find(IFLA_IFNAME);
                                    // Its end is part of the value.
                                    if (name != attributes.end() && !name->second.empty()) {
                                      links[header.ifi_index] =
                                          name->second.substr(0, name->second.size() - 1);
                                    }
                                  });
  if (!dumped) return Forward(dumped.error());
  return links;
}

int IndexOf(const std::map<int, std::string>& links, const std::string& name) {
  for (const auto& [index, other] : links) {
    if (other == name) return index;
  }
  return 0;
}

Status Move(NetlinkSocket& from, const std::string& device, NetlinkSocket& to,
            const UniqueFd& target, const std::string& name) {
  TRY(CheckName(device));
  TRY(CheckName(name));
  const auto here = Links(from);
  if (!here) return Forward(here.error());
  const auto there = Links(to);
  if (!there) return Forward(there.error());
  const int index = IndexOf(*here, device);
  if (index == 0) return Failure(ENODEV, fmt::format("network device {}", device));
  // The kernel would move it first, and then fail to name it.
  if (IndexOf(*there, name) != 0) return Failure(EEXIST, fmt::format("network device {}", name));
  ifinfomsg header = {};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = index;
  NetlinkRequest request(RTM_SETLINK, NLM_F_ACK);
  request.Add(header)
      .AddNumber(IFLA_NET_NS_FD, static_cast<uint32_t>(target.get()))
      .AddText(IFLA_IFNAME, name);
  const Status moved = from.Do(std::move(request));
  if (moved) return {};
  return Failure(moved.error().code, fmt::format("move the network device {}", device));
}

}  // namespace

Result<RunningNetwork> RunningNetwork::Open(const UniqueFd& init_pidfd, pid_t init_pid) {
  auto network = runtime::Open(fmt::format("/proc/{}/ns/net", init_pid), O_RDONLY);
  if (!network) return Forward(std::move(network).error());
  if (HasEnded(init_pidfd)) return Failure(ESRCH, "the container's init");
  auto socket = OpenSocketInside(init_pidfd, init_pid);
  if (!socket) return Forward(std::move(socket).error());
  return RunningNetwork(*std::move(socket), *std::move(network));
}

Result<std::vector<std::string>> RunningNetwork::Interfaces() {
  const auto links = Links(socket_);
  if (!links) return Forward(links.error());
  std::vector<std::string> names;
  for (const auto& [index, name] : *links) names.push_back(name);
  return names;
}

Result<std::vector<std::string>> RunningNetwork::Addresses(const AddressFilter& filter) {
  const auto links = Links(socket_);
  if (!links) return Forward(links.error());
  std::vector<std::string> found;
  const auto entry = [&](uint16_t type, std::string_view body) {
    ifaddrmsg header;
    if (type != RTM_NEWADDR || body.size() < sizeof header) return;
    memcpy(&header, body.data(), sizeof header);
    const int family = header.ifa_family;
    const size_t size = family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
    if (family != AF_INET && family != AF_INET6) return;
    if (filter.family && *filter.family != family) return;
    const auto link = links->find(static_cast<int>(header.ifa_index));
    if (link == links->end()) return;
    if (filter.interface ? link->second != *filter.interface : link->second == kLoopback) return;
    const auto attributes = ParseAttributes(body, sizeof header);
    // Of a point-to-point link IFA_ADDRESS is the other end's.
    auto address = attributes.find(IFA_LOCAL);
    if (address == attributes.end()) address = attributes.find(IFA_ADDRESS);
    if (address == attributes.end() || address->second.size() != size) return;
    if (family == AF_INET6) {
      in6_addr number;
      memcpy(&number, address->second.data(), sizeof number);
      const uint32_t scope = IN6_IS_ADDR_LINKLOCAL(&number) ? header.ifa_index : 0;
      if (scope != filter.scope) return;
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (inet_ntop(family, address->second.data(), text.data(), text.size()) == nullptr) return;
    found.emplace_back(text.data());
  };
  const auto dumped = socket_.Dump(NetlinkRequest(RTM_GETADDR, NLM_F_DUMP).Add(ifaddrmsg{}), entry);
  if (!dumped) return Forward(dumped.error());
  return found;
}

Status RunningNetwork::MoveIn(const std::string& device, const std::string& name) {
  auto own = NetlinkSocket::Open();
  if (!own) return Forward(std::move(own).error());
  return Move(*own, device, socket_, namespace_, name);
}

Status RunningNetwork::MoveOut(const std::string& device, const std::string& name) {
  auto own = NetlinkSocket::Open();
  if (!own) return Forward(std::move(own).error());
  const auto target = runtime::Open("/proc/thread-self/ns/net", O_RDONLY);
  if (!target) return Forward(target.error());
  return Move(socket_, device, *own, *target, name);
}

}  // namespace lxcspec::runtime
