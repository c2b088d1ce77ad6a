// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/user_nic/user_nic.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "runtime/base/text.h"
#include "runtime/base/unique_fd.h"
#include "runtime/kernel/namespace_owner.h"
#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/netlink/veth.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

// What the alias of an interface on the host says.
struct Ticket {
  uid_t user = 0;
  std::string whose;
  std::string bridge;

  std::string ToString() const {
    return fmt::format("lxc-user-nic {} {} {} {}", user, whose, kNicType, bridge);
  }
};

std::optional<Ticket> ParseTicket(const std::string& alias) {
  const std::vector<std::string> words = Words(alias, " ");
  if (words.size() != 5 || words[0] != "lxc-user-nic" || words[3] != kNicType) return std::nullopt;
  const auto user = ParseUnsigned(words[1]);
  if (!user || *user > UINT32_MAX) return std::nullopt;
  return Ticket{.user = static_cast<uid_t>(*user), .whose = words[2], .bridge = words[4]};
}

size_t CountOf(const std::vector<Link>& links, const Allowance& allowance) {
  return static_cast<size_t>(std::count_if(links.begin(), links.end(), [&](const Link& link) {
    const auto ticket = ParseTicket(link.alias);
    return ticket && ticket->whose == allowance.whose && ticket->bridge == allowance.bridge;
  }));
}

// For the first line that has something left.
Result<Ticket> Allow(NetlinkSocket& host, const NicUser& user,
                     const std::vector<Allowance>& allowances, const std::string& bridge) {
  const auto links = Links(host);
  if (!links) return Forward(links.error());
  bool full = false;
  for (const Allowance& one : allowances) {
    if (one.type != kNicType || one.bridge != bridge || !IsFor(one, user)) continue;
    if (CountOf(*links, one) < one.count) {
      return Ticket{.user = user.id, .whose = one.whose, .bridge = bridge};
    }
    full = true;
  }
  if (full)
    return Failure(EDQUOT, fmt::format("{} has all that is allowed on {}", user.name, bridge));
  return Failure(EPERM, fmt::format("{} is allowed nothing on {}", user.name, bridge));
}

// Whoever has no right to a process's network is not told whether there is one.
Result<UniqueFd> OpenOwnNetwork(const NicUser& user, pid_t process) {
  auto network = Open(fmt::format("/proc/{}/ns/net", process), O_RDONLY);
  const auto is_own = network ? HasRightsOver(*network, user.id) : Result<bool>(false);
  if (is_own && *is_own) return network;
  return Failure(EPERM, fmt::format("process {} has no network of {}'s", process, user.name));
}

Result<std::optional<Link>> FindBridge(NetlinkSocket& host, const std::string& name) {
  if (name == kNoBridge) return std::nullopt;
  auto bridge = FindLink(host, name);
  if (!bridge) return Forward(std::move(bridge).error());
  TRY(CheckBridge(*bridge));
  return *std::move(bridge);
}

// The ticket comes first: what has none is on no bridge.
Status Finish(NetlinkSocket& host, const Link& made, const Ticket& ticket,
              const std::optional<Link>& bridge) {
  TRY(ChangeLink(host, made.index, {.alias = ticket.ToString()},
                 fmt::format("write down whose {} is", made.name)));
  if (bridge) {
    TRY(ChangeLink(host, made.index, {.master = bridge->index},
                   fmt::format("make {} a port of {}", made.name, bridge->name)));
  }
  return ChangeLink(host, made.index, {.up = true}, fmt::format("set {} up", made.name));
}

}  // namespace

std::string UserNic::ToString() const {
  return fmt::format("{}:{}:{}:{}", name, index, host_name, host_index);
}

Result<UserNic> CreateUserNic(NetlinkSocket& host, const NicUser& user,
                              const std::vector<Allowance>& allowances, const NicRequest& request) {
  const auto ticket = Allow(host, user, allowances, request.bridge);
  if (!ticket) return Forward(ticket.error());
  const auto network = OpenOwnNetwork(user, request.process);
  if (!network) return Forward(network.error());
  const auto bridge = FindBridge(host, request.bridge);
  if (!bridge) return Forward(bridge.error());
  const uint32_t mtu = *bridge ? (*bridge)->mtu : 0;
  const auto made = CreateVethOnHost(
      host, {.mtu = mtu}, {.name = request.device, .mtu = mtu, .network = network->get()});
  if (!made) return Forward(made.error());
  if (const Status finished = Finish(host, *made, *ticket, *bridge); !finished) {
    static_cast<void>(DeleteLink(host, made->index, fmt::format("delete {}", made->name)));
    return Forward(finished.error());
  }
  return UserNic{.name = request.device,
                 .index = made->parent,
                 .host_name = made->name,
                 .host_index = made->index};
}

Status DeleteUserNic(NetlinkSocket& host, const NicUser& user, const NicRequest& request) {
  const auto link = FindLink(host, request.device);
  const auto ticket = link ? ParseTicket(link->alias) : std::nullopt;
  if (!ticket || ticket->user != user.id || ticket->bridge != request.bridge) {
    return Failure(EPERM,
                   fmt::format("{} has no {} on {}", user.name, request.device, request.bridge));
  }
  return DeleteLink(host, link->index, fmt::format("delete {}", link->name));
}

}  // namespace lxcspec::runtime
