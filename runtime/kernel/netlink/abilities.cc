// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/netlink/abilities.h"

#include <fcntl.h>
#include <linux/if_link.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "runtime/base/unique_fd.h"
#include "runtime/kernel/netlink/address.h"
#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec::runtime {
namespace {

bool CanMakeIpvlan(NetlinkSocket& socket, int parent) {
  return CreateLink(socket, "ipvlan", parent, {.name = "ability2"},
                    [](NetlinkRequest& data) {
                      data.AddNumber(IFLA_IPVLAN_MODE, uint16_t{IPVLAN_MODE_L3S})
                          .AddNumber(IFLA_IPVLAN_FLAGS, uint16_t{IPVLAN_F_PRIVATE});
                    })
      .has_value();
}

bool CanMakeMacvlan(NetlinkSocket& socket, int parent) {
  return CreateLink(socket, "macvlan", parent, {.name = "ability3"},
                    [](NetlinkRequest& data) {
                      data.AddNumber(IFLA_MACVLAN_MODE, uint32_t{MACVLAN_MODE_BRIDGE});
                    })
      .has_value();
}

bool CanFilterVlans(NetlinkSocket& socket) {
  const auto made = CreateLink(socket, "bridge", 0, {.name = "ability4"}, [](NetlinkRequest& data) {
    data.AddNumber(IFLA_BR_VLAN_FILTERING, uint8_t{1});
  });
  if (!made) return false;
  const auto bridge = FindLink(socket, "ability4");
  return bridge && bridge->vlan_filtering;
}

bool CanProxyNeighbours(NetlinkSocket& socket, int device) {
  const auto ipv4 = ParseIpAddress(AF_INET, "192.0.2.1");
  return ipv4 && AddProxyNeighbour(socket, device, *ipv4);
}

// In a network of its own.
NetworkAbilities Try() {
  NetworkAbilities found;
  auto socket = NetlinkSocket::Open();
  if (!socket) return found;
  found.bridge_vlan = CanFilterVlans(*socket);
  if (!CreateVeth(*socket, {.name = "ability0"}, {.name = "ability1"})) return found;
  const auto device = FindLink(*socket, "ability0");
  const auto other = FindLink(*socket, "ability1");
  if (!device || !other) return found;
  found.veth = true;
  found.neighbour_proxy = CanProxyNeighbours(*socket, device->index);
  // A device is below devices of one kind only.
  found.ipvlan = CanMakeIpvlan(*socket, device->index);
  found.macvlan = CanMakeMacvlan(*socket, other->index);
  return found;
}

NetworkAbilities TryInChild() {
  NetworkAbilities found;
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return found;
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const pid_t child = fork();
  if (child < 0) return found;
  if (child == 0) {
    signal(SIGPIPE, SIG_IGN);
    if (unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0) found = Try();
    const ssize_t written = write(writer.get(), &found, sizeof found);
    _exit(written == sizeof found ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  writer = UniqueFd();
  ssize_t count = -1;
  do {
    count = read(reader.get(), &found, sizeof found);
  } while (count < 0 && errno == EINTR);
  // A handler of the client's may have reaped it.
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return count == sizeof found ? found : NetworkAbilities();
}

}  // namespace

const NetworkAbilities& ThisKernelsNetworkAbilities() {
  static const NetworkAbilities kFound = TryInChild();
  return kFound;
}

}  // namespace lxcspec::runtime
