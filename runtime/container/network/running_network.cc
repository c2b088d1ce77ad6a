// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/network/running_network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/path.h"
#include "runtime/kernel/pidfd.h"

namespace lxcspec::runtime {
namespace {

constexpr char kLoopback[] = "lo";

// Where a name stands among devices; 0: nowhere.
int IndexOf(const std::vector<Link>& links, const std::string& name) {
  const auto found =
      std::find_if(links.begin(), links.end(), [&](const Link& link) { return link.name == name; });
  return found != links.end() ? found->index : 0;
}

Status Move(NetlinkSocket& from, const std::string& device, NetlinkSocket& to,
            const UniqueFd& target, const std::string& name) {
  TRY(CheckLinkName(device));
  TRY(CheckLinkName(name));
  const auto here = Links(from);
  if (!here) return Forward(here.error());
  const auto there = Links(to);
  if (!there) return Forward(there.error());
  const int index = IndexOf(*here, device);
  if (index == 0) return Failure(ENODEV, fmt::format("network device {}", device));
  // The kernel would move it first, and then fail to name it.
  if (IndexOf(*there, name) != 0) return Failure(EEXIST, fmt::format("network device {}", name));
  return ChangeLink(from, index, {.name = name, .network = target.get()},
                    fmt::format("move the network device {}", device));
}

}  // namespace

Result<RunningNetwork> RunningNetwork::Open(const UniqueFd& init_pidfd, pid_t init_pid) {
  auto network = runtime::Open(fmt::format("/proc/{}/ns/net", init_pid), O_RDONLY);
  if (!network) return Forward(std::move(network).error());
  if (HasEnded(init_pidfd)) return Failure(ESRCH, "the container's init");
  auto socket = NetlinkSocket::OpenOf(init_pidfd, init_pid);
  if (!socket) return Forward(std::move(socket).error());
  return RunningNetwork(*std::move(socket), *std::move(network));
}

Result<std::vector<std::string>> RunningNetwork::Interfaces() {
  const auto links = Links(socket_);
  if (!links) return Forward(links.error());
  std::vector<std::string> names;
  for (const Link& link : *links) names.push_back(link.name);
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
    const auto link = std::find_if(links->begin(), links->end(), [&](const Link& one) {
      return one.index == static_cast<int>(header.ifa_index);
    });
    if (link == links->end()) return;
    if (filter.interface ? link->name != *filter.interface : link->name == kLoopback) return;
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
  const auto dumped = socket_.Dump(NetlinkRequest(RTM_GETADDR, NLM_F_DUMP).Add(ifaddrmsg{}),
                                   "list the addresses", entry);
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
