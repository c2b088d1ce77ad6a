// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/net_namespace.h"

#include <fcntl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "conformance/harness/netlink.h"

namespace lxcspec {
namespace {

constexpr uint16_t kMakeNew = NLM_F_CREATE | NLM_F_EXCL;

Result<UniqueFd> OpenNamespace(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return FailErrno("open(" + path.substr(path.rfind("/ns/")) + ")");
  return fd;
}

// The index of a device in this thread's namespace.
Result<int> IndexOf(const std::string& name) {
  const unsigned index = if_nametoindex(name.c_str());
  if (index == 0) return FailErrno("if_nametoindex(" + name + ")");
  return static_cast<int>(index);
}

// Changes a device in this thread's namespace.
Status ChangeLink(const std::string& name, const std::string& what, unsigned flags, unsigned mask,
                  const std::function<void(NetlinkMessage&)>& put = nullptr) {
  ASSIGN_OR_RETURN(const int index, IndexOf(name));
  NetlinkMessage message(RTM_NEWLINK, 0);
  message.PutFixed(ifinfomsg{.ifi_index = index, .ifi_flags = flags, .ifi_change = mask});
  if (put) put(message);
  return Transact(message, what + " " + name);
}

// Makes a device in this thread's namespace. `put` adds what the kind takes.
Status MakeLink(const std::string& name, const std::string& kind, const std::string& parent,
                const std::function<void(NetlinkMessage&)>& put) {
  NetlinkMessage message(RTM_NEWLINK, kMakeNew);
  message.PutFixed(ifinfomsg{});
  message.Put(IFLA_IFNAME, name);
  if (!parent.empty()) {
    ASSIGN_OR_RETURN(const int index, IndexOf(parent));
    message.PutNumber(IFLA_LINK, static_cast<uint32_t>(index));
  }
  message.Nest(IFLA_LINKINFO, [&] {
    message.Put(IFLA_INFO_KIND, kind);
    message.Nest(IFLA_INFO_DATA, [&] { put(message); });
  });
  return Transact(message, "add a device of kind " + kind);
}

Status ChangeBridgeVlan(uint16_t type, const std::string& port, const BridgeVlan& vlan) {
  ASSIGN_OR_RETURN(const int index, IndexOf(port));
  NetlinkMessage message(type, 0);
  message.PutFixed(ifinfomsg{.ifi_family = AF_BRIDGE, .ifi_index = index});
  bridge_vlan_info information{.flags = 0, .vid = vlan.id};
  if (vlan.pvid) information.flags |= BRIDGE_VLAN_INFO_PVID;
  if (vlan.untagged) information.flags |= BRIDGE_VLAN_INFO_UNTAGGED;
  message.Nest(IFLA_AF_SPEC,
               [&] { message.PutBytes(IFLA_BRIDGE_VLAN_INFO, &information, sizeof information); });
  return Transact(message, "change the VLANs of " + port);
}

std::string SysctlFile(const std::string& path) { return "/proc/sys/" + path; }

}  // namespace

Result<NetNamespace> NetNamespace::OfThisProcess() {
  ASSIGN_OR_RETURN(UniqueFd fd, OpenNamespace("/proc/self/ns/net"));
  return NetNamespace(std::move(fd));
}

Result<NetNamespace> NetNamespace::OfProcess(pid_t pid) {
  ASSIGN_OR_RETURN(UniqueFd fd, OpenNamespace("/proc/" + std::to_string(pid) + "/ns/net"));
  return NetNamespace(std::move(fd));
}

Result<NetNamespace> NetNamespace::MakeNew() {
  Result<UniqueFd> fd;
  std::thread([&] {
    fd = unshare(CLONE_NEWNET) == 0 ? OpenNamespace("/proc/thread-self/ns/net")
                                    : Result<UniqueFd>(FailErrno("unshare(CLONE_NEWNET)"));
  }).join();
  if (!fd) return Propagate(std::move(fd).error());
  NetNamespace made(*std::move(fd));
  RETURN_IF_ERROR(made.SetUp("lo"));
  return made;
}

Status NetNamespace::RunInThread(const std::function<void()>& body) const {
  Status entered;
  std::thread([&] {
    if (setns(fd_.get(), CLONE_NEWNET) != 0) {
      entered = FailErrno("setns(CLONE_NEWNET)");
    } else {
      body();
    }
  }).join();
  return entered;
}

Result<Link> NetNamespace::FindLink(const std::string& name) const {
  ASSIGN_OR_RETURN(const std::vector<Link> links, Links());
  for (const Link& link : links) {
    if (link.name == name) return link;
  }
  return Fail(ENODEV, "find the device " + name);
}

Result<std::vector<BridgeVlan>> NetNamespace::BridgeVlans(const std::string& port) const {
  return Run([&] { return DumpBridgeVlans(port); });
}

Status NetNamespace::AddVeth(const std::string& name, const std::string& peer,
                             const NetNamespace& peers_namespace) const {
  return Run([&] {
    return MakeLink(name, "veth", "", [&](NetlinkMessage& message) {
      message.NestLink(VETH_INFO_PEER, [&] {
        message.Put(IFLA_IFNAME, peer);
        message.PutNumber(IFLA_NET_NS_FD, static_cast<uint32_t>(peers_namespace.fd()));
      });
    });
  });
}

Status NetNamespace::AddBridge(const std::string& name, bool vlan_filtering,
                               uint16_t default_pvid) const {
  return Run([&] {
    return MakeLink(name, "bridge", "", [&](NetlinkMessage& message) {
      // Ports forward at once.
      message.PutNumber(IFLA_BR_FORWARD_DELAY, 0);
      message.PutNumber(IFLA_BR_STP_STATE, 0);
      if (!vlan_filtering) return;
      message.PutByte(IFLA_BR_VLAN_FILTERING, 1);
      message.PutShort(IFLA_BR_VLAN_DEFAULT_PVID, default_pvid);
    });
  });
}

Status NetNamespace::AddMacvlan(const std::string& name, const std::string& parent,
                                uint32_t mode) const {
  return Run([&] {
    return MakeLink(name, "macvlan", parent,
                    [&](NetlinkMessage& message) { message.PutNumber(IFLA_MACVLAN_MODE, mode); });
  });
}

Status NetNamespace::AddIpvlan(const std::string& name, const std::string& parent, uint16_t mode,
                               uint16_t flags) const {
  return Run([&] {
    return MakeLink(name, "ipvlan", parent, [&](NetlinkMessage& message) {
      message.PutShort(IFLA_IPVLAN_MODE, mode);
      message.PutShort(IFLA_IPVLAN_FLAGS, flags);
    });
  });
}

Status NetNamespace::AddVlan(const std::string& name, const std::string& parent,
                             uint16_t id) const {
  return Run([&] {
    return MakeLink(name, "vlan", parent,
                    [&](NetlinkMessage& message) { message.PutShort(IFLA_VLAN_ID, id); });
  });
}

Status NetNamespace::DeleteLink(const std::string& name) const {
  return Run([&]() -> Status {
    ASSIGN_OR_RETURN(const int index, IndexOf(name));
    NetlinkMessage message(RTM_DELLINK, 0);
    message.PutFixed(ifinfomsg{.ifi_index = index});
    return Transact(message, "delete " + name);
  });
}

Status NetNamespace::SetUp(const std::string& name, bool up) const {
  return Run(
      [&] { return ChangeLink(name, "raise or lower", up ? unsigned{IFF_UP} : 0U, IFF_UP); });
}

Status NetNamespace::SetMtu(const std::string& name, uint32_t mtu) const {
  return Run([&] {
    return ChangeLink(name, "set the MTU of", 0, 0,
                      [&](NetlinkMessage& message) { message.PutNumber(IFLA_MTU, mtu); });
  });
}

Status NetNamespace::SetBridge(const std::string& port, const std::string& bridge) const {
  return Run([&]() -> Status {
    ASSIGN_OR_RETURN(const int index, IndexOf(bridge));
    return ChangeLink(port, "attach to a bridge:", 0, 0, [&](NetlinkMessage& message) {
      message.PutNumber(IFLA_MASTER, static_cast<uint32_t>(index));
    });
  });
}

Status NetNamespace::AddBridgeVlan(const std::string& port, const BridgeVlan& vlan) const {
  return Run([&] { return ChangeBridgeVlan(RTM_SETLINK, port, vlan); });
}

Status NetNamespace::DeleteBridgeVlan(const std::string& port, uint16_t id) const {
  return Run([&] { return ChangeBridgeVlan(RTM_DELLINK, port, {.id = id}); });
}

Status NetNamespace::AddAddress(const std::string& device, const std::string& address) const {
  return Run([&]() -> Status {
    ASSIGN_OR_RETURN(const IpAddress parsed, IpAddress::Parse(address));
    ASSIGN_OR_RETURN(const int index, IndexOf(device));
    NetlinkMessage message(RTM_NEWADDR, kMakeNew);
    message.PutFixed(ifaddrmsg{.ifa_family = static_cast<uint8_t>(parsed.family()),
                               .ifa_prefixlen = static_cast<uint8_t>(parsed.prefix()),
                               .ifa_flags = IFA_F_NODAD,
                               .ifa_index = static_cast<uint32_t>(index)});
    message.PutAddress(IFA_LOCAL, parsed);
    message.PutAddress(IFA_ADDRESS, parsed);
    return Transact(message, "add the address " + address);
  });
}

Status NetNamespace::AddRoute(const std::string& destination, const std::string& gateway,
                              const std::string& device) const {
  return Run([&]() -> Status {
    ASSIGN_OR_RETURN(const IpAddress to, IpAddress::Parse(destination));
    NetlinkMessage message(RTM_NEWROUTE, kMakeNew);
    const bool direct = gateway.empty() && to.family() == AF_INET;
    message.PutFixed(
        rtmsg{.rtm_family = static_cast<unsigned char>(to.family()),
              .rtm_dst_len = static_cast<unsigned char>(to.prefix()),
              .rtm_table = RT_TABLE_MAIN,
              .rtm_protocol = RTPROT_STATIC,
              .rtm_scope = static_cast<unsigned char>(direct ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE),
              .rtm_type = RTN_UNICAST});
    message.PutAddress(RTA_DST, to);
    if (!gateway.empty()) {
      ASSIGN_OR_RETURN(const IpAddress via, IpAddress::Parse(gateway));
      message.PutAddress(RTA_GATEWAY, via);
    }
    if (!device.empty()) {
      ASSIGN_OR_RETURN(const int index, IndexOf(device));
      message.PutNumber(RTA_OIF, static_cast<uint32_t>(index));
    }
    return Transact(message, "add a route to " + destination);
  });
}

Status NetNamespace::AddNeighbourProxy(const std::string& device,
                                       const std::string& address) const {
  return Run([&]() -> Status {
    ASSIGN_OR_RETURN(const IpAddress parsed, IpAddress::Parse(address));
    ASSIGN_OR_RETURN(const int index, IndexOf(device));
    NetlinkMessage message(RTM_NEWNEIGH, kMakeNew);
    message.PutFixed(ndmsg{.ndm_family = static_cast<uint8_t>(parsed.family()),
                           .ndm_ifindex = index,
                           .ndm_state = NUD_PERMANENT,
                           .ndm_flags = NTF_PROXY});
    message.PutAddress(NDA_DST, parsed);
    return Transact(message, "add a proxy for " + address);
  });
}

Result<std::string> NetNamespace::ReadSysctl(const std::string& path) const {
  return Run([&]() -> Result<std::string> {
    UniqueFd file(open(SysctlFile(path).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return FailErrno("open(" + path + ")");
    char buffer[64];
    const ssize_t got = read(file.get(), buffer, sizeof buffer);
    if (got < 0) return FailErrno("read(" + path + ")");
    const std::string text(buffer, static_cast<size_t>(got));
    return text.substr(0, text.find('\n'));
  });
}

Status NetNamespace::WriteSysctl(const std::string& path, const std::string& value) const {
  return Run([&]() -> Status {
    UniqueFd file(open(SysctlFile(path).c_str(), O_WRONLY | O_CLOEXEC));
    if (!file) return FailErrno("open(" + path + ", O_WRONLY)");
    if (write(file.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size())) {
      return FailErrno("write(" + path + ", " + value + ")");
    }
    return {};
  });
}

}  // namespace lxcspec
