// SPDX-License-Identifier: Apache-2.0
//
// Makes a network for a child that stands for a container's init. The test's own process, which
// stands for the monitor, is in a network namespace of its own.

#include "runtime/container/network/container_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/config/config.h"
#include "runtime/kernel/clone.h"
#include "runtime/kernel/netlink/address.h"
#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/network_sysctl.h"
#include "runtime/kernel/pidfd.h"

namespace lxcspec::runtime {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

using Items = std::vector<std::pair<std::string, std::string>>;

class ContainerNetworkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    auto host = NetlinkSocket::Open();
    ASSERT_TRUE(host);
    host_ = *std::move(host);
    auto cloned = Clone({.namespaces = CLONE_NEWNET});
    ASSERT_TRUE(cloned) << cloned.error().ToString();
    if (cloned->pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      while (true) pause();
    }
    init_ = *std::move(cloned);
    auto inside = NetlinkSocket::OpenOf(init_.pidfd, init_.pid);
    ASSERT_TRUE(inside);
    inside_ = *std::move(inside);
    auto opened = ContainerNetwork::Open(init_.pidfd, init_.pid,
                                         [this](const std::vector<std::string>& lines) -> Status {
                                           record_ = lines;
                                           return {};
                                         });
    ASSERT_TRUE(opened) << opened.error().ToString();
    network_ = *std::move(opened);
  }

  void TearDown() override {
    if (!init_.pidfd.valid()) return;
    EXPECT_TRUE(SendSignal(init_.pidfd, SIGKILL));
    EXPECT_TRUE(Reap(init_.pidfd));
  }

  NetlinkSocket& host() { return *host_; }
  NetlinkSocket& inside() { return *inside_; }
  ContainerNetwork& network() { return *network_; }
  const std::vector<std::string>& record() const { return record_; }

  Status Make(const Items& items) {
    Config config;
    for (const auto& [key, value] : items) TRY(config.Set(key, value));
    const auto plan = PlanNetwork(config);
    if (!plan) return Forward(plan.error());
    return network().SetUp(*plan);
  }

  // A device of the host, with another end that is of no use; both up.
  Link MakeDevice(const std::string& name) {
    EXPECT_TRUE(CreateVeth(host(), {.name = name}, {.name = name + "p"}));
    for (const std::string& end : {name, name + "p"}) {
      EXPECT_TRUE(ChangeLink(host(), FindLink(host(), end)->index, {.up = true}, "up"));
    }
    return *FindLink(host(), name);
  }

  Link MakeBridge(const std::string& name, uint32_t mtu = 1500) {
    EXPECT_TRUE(CreateLink(host(), "bridge", 0, {.name = name, .mtu = mtu}, nullptr));
    const Link bridge = *FindLink(host(), name);
    EXPECT_TRUE(ChangeLink(host(), bridge.index, {.up = true}, "up"));
    return bridge;
  }

  void GiveAddress(const Link& device, int family, const std::string& prefix) {
    EXPECT_TRUE(AddAddress(host(), device.index, *ParseIpPrefix(family, prefix), std::nullopt));
  }

  std::vector<std::string> NamesOnHost() {
    std::vector<std::string> names;
    const std::vector<Link> links = Links(host()).value();
    for (const Link& link : links) names.push_back(link.name);
    return names;
  }

 private:
  std::optional<NetlinkSocket> host_;
  std::optional<NetlinkSocket> inside_;
  std::optional<ContainerNetwork> network_;
  std::vector<std::string> record_;
  Cloned init_;
};

TEST_F(ContainerNetworkTest, WithoutInterfacesOnlyLoopbackIsUp) {
  ASSERT_TRUE(Make({{"lxc.net.0.type", "empty"}}));
  const auto links = Links(inside());
  ASSERT_TRUE(links);
  ASSERT_EQ(links->size(), 1U);
  EXPECT_EQ(links->front().name, "lo");
  EXPECT_NE(links->front().flags & IFF_UP, 0U);
}

TEST_F(ContainerNetworkTest, AVethIsAPortOfTheBridgeAndHasItsMtu) {
  const Link bridge = MakeBridge("br0", 1400);
  const Status made = Make({{"lxc.net.0.type", "veth"},
                            {"lxc.net.0.link", "br0"},
                            {"lxc.net.0.veth.pair", "pair0"},
                            {"lxc.net.0.flags", "up"},
                            {"lxc.net.0.hwaddr", "02:00:00:00:00:xx"},
                            {"lxc.net.0.ipv4.address", "192.0.2.5/24"}});
  ASSERT_TRUE(made) << made.error().ToString();

  const auto pair = FindLink(host(), "pair0");
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->master, bridge.index);
  EXPECT_EQ(pair->mtu, 1400U);
  EXPECT_NE(pair->flags & IFF_UP, 0U);
  const auto eth = FindLink(inside(), "eth0");
  ASSERT_TRUE(eth);
  EXPECT_EQ(eth->mtu, 1400U);
  EXPECT_NE(eth->flags & IFF_UP, 0U);
  EXPECT_THAT(AddressesOf(inside(), eth->index, AF_INET).value(),
              ElementsAre(*ParseIpPrefix(AF_INET, "192.0.2.5/24")));
  EXPECT_THAT(network().interfaces().front().made.hardware_address, StartsWith("02:00:00:00:00:"));
  EXPECT_THAT(record(), ElementsAre(AllOf(StartsWith("made "), HasSubstr(" pair0"))));

  EXPECT_TRUE(network().Remove());
  EXPECT_THAT(NamesOnHost(), ElementsAre("lo", "br0"));
  EXPECT_THAT(record(), IsEmpty());
}

TEST_F(ContainerNetworkTest, ALinkThatIsNoBridgeIsRefusedBeforeAnythingIsMade) {
  MakeDevice("dev0");
  const std::vector<std::string> before = NamesOnHost();
  const Status made = Make({{"lxc.net.2.type", "veth"}, {"lxc.net.2.link", "dev0"}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, EINVAL);
  EXPECT_EQ(made.error().attempted, "lxc.net.2: dev0 is no bridge");
  EXPECT_EQ(NamesOnHost(), before);
}

TEST_F(ContainerNetworkTest, InterfacesWithoutANameGetOnesThatNobodyWants) {
  ASSERT_TRUE(Make({{"lxc.net.0.type", "veth"},
                    {"lxc.net.7.type", "veth"},
                    {"lxc.net.7.name", "eth0"},
                    {"lxc.net.70.type", "veth"}}));
  const auto& made = network().interfaces();
  ASSERT_EQ(made.size(), 3U);
  EXPECT_EQ(made[0].made.name, "eth1");
  EXPECT_EQ(made[1].made.name, "eth0");
  EXPECT_EQ(made[2].made.name, "eth2");
}

TEST_F(ContainerNetworkTest, AFailedSetUpIsRemovedWhole) {
  const Status made = Make({{"lxc.net.0.type", "veth"},
                            {"lxc.net.0.veth.pair", "pair0"},
                            {"lxc.net.1.type", "veth"},
                            {"lxc.net.1.veth.pair", "pair1"},
                            {"lxc.net.1.veth.ipv4.route", "192.0.2.1/24"}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, EINVAL);
  EXPECT_THAT(made.error().attempted, HasSubstr("lxc.net.1: add the route 192.0.2.1/24"));
  EXPECT_TRUE(network().Remove());
  EXPECT_THAT(NamesOnHost(), ElementsAre("lo"));
}

TEST_F(ContainerNetworkTest, ANameThatTheHostHasFailsAndLeavesItsDevice) {
  MakeDevice("pair0");
  const Status made = Make({{"lxc.net.0.type", "veth"}, {"lxc.net.0.veth.pair", "pair0"}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, EEXIST);
  EXPECT_TRUE(network().Remove());
  EXPECT_THAT(NamesOnHost(), Contains("pair0"));
}

TEST_F(ContainerNetworkTest, ALinkThatIsNotThereIsNamed) {
  for (const char* type : {"veth", "macvlan", "ipvlan", "phys", "vlan"}) {
    const Status made = Make({{"lxc.net.3.type", type}, {"lxc.net.3.link", "absent0"}});
    ASSERT_FALSE(made) << type;
    EXPECT_EQ(made.error().code, ENODEV) << type;
    EXPECT_EQ(made.error().attempted, "lxc.net.3: network device absent0") << type;
  }
}

TEST_F(ContainerNetworkTest, AMacvlanHasItsModeAndMtuAndGoesAtOnce) {
  MakeDevice("dev0");
  const Items passthru = {{"lxc.net.0.type", "macvlan"},
                          {"lxc.net.0.link", "dev0"},
                          {"lxc.net.0.macvlan.mode", "passthru"},
                          {"lxc.net.0.mtu", "1300"},
                          {"lxc.net.0.flags", "up"},
                          {"lxc.net.0.name", "mac0"}};
  // A device takes only one of this mode, so the first must be gone.
  for (int round = 0; round < 2; ++round) {
    const Status made = Make(passthru);
    ASSERT_TRUE(made) << made.error().ToString();
    EXPECT_EQ(FindLink(inside(), "mac0")->mtu, 1300U);
    EXPECT_EQ(FindLink(inside(), "mac0")->kind, "macvlan");
    EXPECT_THAT(NamesOnHost(), ::testing::Not(Contains("mac0")));
    ASSERT_TRUE(network().Remove());
  }
}

TEST_F(ContainerNetworkTest, AMacvlansMtuAboveItsLinksIsRefused) {
  MakeDevice("dev0");
  const Status made =
      Make({{"lxc.net.0.type", "macvlan"}, {"lxc.net.0.link", "dev0"}, {"lxc.net.0.mtu", "9000"}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, EINVAL);
  EXPECT_THAT(made.error().attempted, HasSubstr("MTU"));
}

TEST_F(ContainerNetworkTest, APhysDeviceComesBackAsItWas) {
  const Link before = MakeDevice("dev0");
  const Status made = Make({{"lxc.net.0.type", "phys"},
                            {"lxc.net.0.link", "dev0"},
                            {"lxc.net.0.name", "inner0"},
                            {"lxc.net.0.mtu", "1300"},
                            {"lxc.net.0.hwaddr", "02:00:5e:00:00:01"},
                            {"lxc.net.0.flags", "up"}});
  ASSERT_TRUE(made) << made.error().ToString();
  EXPECT_EQ(FindLink(host(), "dev0").error().code, ENODEV);
  const auto inner = FindLink(inside(), "inner0");
  ASSERT_TRUE(inner);
  EXPECT_EQ(inner->mtu, 1300U);
  EXPECT_THAT(record(), ElementsAre(AllOf(StartsWith("lent "), HasSubstr(" dev0 1500 "))));
  EXPECT_EQ(inner->address, ParseHardwareAddress("02:00:5e:00:00:01"));
  // The container may call it what it likes.
  ASSERT_TRUE(ChangeLink(inside(), inner->index, {.up = false}, "down"));
  ASSERT_TRUE(ChangeLink(inside(), inner->index, {.name = "mine0"}, "rename"));

  const Status removed = network().Remove();
  ASSERT_TRUE(removed) << removed.error().ToString();
  const auto after = FindLink(host(), "dev0");
  ASSERT_TRUE(after);
  EXPECT_EQ(after->mtu, before.mtu);
  EXPECT_EQ(after->address, before.address);
  EXPECT_THAT(record(), IsEmpty());
}

TEST_F(ContainerNetworkTest, APhysDeviceWhoseNameIsTakenStays) {
  MakeDevice("dev0");
  const Status made =
      Make({{"lxc.net.0.type", "phys"}, {"lxc.net.0.link", "dev0"}, {"lxc.net.0.name", "lo"}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, EEXIST);
  EXPECT_TRUE(network().Remove());
  EXPECT_THAT(NamesOnHost(), Contains("dev0"));
}

TEST_F(ContainerNetworkTest, GatewayAutoIsTheLinksAddress) {
  const Link bridge = MakeBridge("br0");
  GiveAddress(bridge, AF_INET, "192.0.2.1/24");
  GiveAddress(bridge, AF_INET6, "2001:db8::1/64");
  const Status made = Make({{"lxc.net.0.type", "veth"},
                            {"lxc.net.0.link", "br0"},
                            {"lxc.net.0.flags", "up"},
                            {"lxc.net.0.ipv4.address", "192.0.2.5/24"},
                            {"lxc.net.0.ipv4.gateway", "auto"},
                            {"lxc.net.0.ipv6.address", "2001:db8::5/64"},
                            {"lxc.net.0.ipv6.gateway", "auto"}});
  ASSERT_TRUE(made) << made.error().ToString();
  const int eth = FindLink(inside(), "eth0")->index;
  for (const auto& [family, text] : {std::pair(AF_INET, "192.0.2.1"), {AF_INET6, "2001:db8::1"}}) {
    const Route route{.destination = {.address = {.family = family, .bytes = {}}, .length = 0},
                      .gateway = ParseIpAddress(family, text),
                      .device = eth};
    EXPECT_TRUE(DeleteRoute(inside(), route)) << text;
  }
}

TEST_F(ContainerNetworkTest, GatewayAutoOfALinkWithoutAddressFails) {
  MakeBridge("br0");
  const Status made = Make({{"lxc.net.0.type", "veth"},
                            {"lxc.net.0.link", "br0"},
                            {"lxc.net.0.flags", "up"},
                            {"lxc.net.0.ipv4.address", "192.0.2.5/24"},
                            {"lxc.net.0.ipv4.gateway", "auto"}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, EADDRNOTAVAIL);
}

TEST_F(ContainerNetworkTest, AGatewayOutsideOfTheSubnetIsReachedByTheInterface) {
  const Status made = Make({{"lxc.net.0.type", "veth"},
                            {"lxc.net.0.flags", "up"},
                            {"lxc.net.0.ipv4.address", "192.0.2.5/32"},
                            {"lxc.net.0.ipv4.gateway", "169.254.0.1"}});
  ASSERT_TRUE(made) << made.error().ToString();
  const int eth = FindLink(inside(), "eth0")->index;
  const auto gateway = *ParseIpAddress(AF_INET, "169.254.0.1");
  EXPECT_TRUE(DeleteRoute(inside(), {.destination = {.address = {.family = AF_INET, .bytes = {}}},
                                     .gateway = gateway,
                                     .device = eth}));
  EXPECT_TRUE(DeleteRoute(inside(),
                          {.destination = IpPrefix::Whole(gateway), .gateway = {}, .device = eth}));
}

TEST_F(ContainerNetworkTest, L2ProxyEntriesComeAndGoButNotThoseOfOthers) {
  const Link device = MakeDevice("dev0");
  ASSERT_TRUE(SetNetworkSysctl("net/ipv4/conf/dev0/forwarding", "1"));
  const auto own = *ParseIpAddress(AF_INET, "192.0.2.5");
  const auto others = *ParseIpAddress(AF_INET, "192.0.2.6");
  ASSERT_TRUE(AddProxyNeighbour(host(), device.index, others));
  const Status made = Make({{"lxc.net.0.type", "macvlan"},
                            {"lxc.net.0.link", "dev0"},
                            {"lxc.net.0.l2proxy", "1"},
                            {"lxc.net.0.ipv4.address", "192.0.2.5/24"},
                            {"lxc.net.0.ipv4.address", "192.0.2.6/24"}});
  ASSERT_TRUE(made) << made.error().ToString();
  EXPECT_EQ(HasProxyNeighbour(host(), device.index, own), true);
  EXPECT_THAT(record(), ElementsAre(StartsWith("proxy ")));

  ASSERT_TRUE(network().Remove());
  EXPECT_EQ(HasProxyNeighbour(host(), device.index, own), false);
  EXPECT_EQ(HasProxyNeighbour(host(), device.index, others), true);
}

TEST_F(ContainerNetworkTest, L2ProxyWithoutForwardingNamesTheSysctl) {
  MakeDevice("dev.0");
  ASSERT_TRUE(SetNetworkSysctl("net/ipv4/conf/dev.0/forwarding", "0"));
  const Status made = Make({{"lxc.net.0.type", "macvlan"},
                            {"lxc.net.0.link", "dev.0"},
                            {"lxc.net.0.l2proxy", "1"},
                            {"lxc.net.0.ipv4.address", "192.0.2.5/24"}});
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().attempted, HasSubstr("net.ipv4.conf.dev/0.forwarding"));
  EXPECT_TRUE(network().interfaces().empty());
}

TEST_F(ContainerNetworkTest, ARouterLeadsToTheContainersAddresses) {
  const Status made = Make({{"lxc.net.0.type", "veth"},
                            {"lxc.net.0.veth.mode", "router"},
                            {"lxc.net.0.veth.pair", "pair0"},
                            {"lxc.net.0.flags", "up"},
                            {"lxc.net.0.ipv4.address", "192.0.2.5/32"},
                            {"lxc.net.0.ipv4.gateway", "169.254.0.1"}});
  ASSERT_TRUE(made) << made.error().ToString();
  const int pair = FindLink(host(), "pair0")->index;
  EXPECT_EQ(HasProxyNeighbour(host(), pair, *ParseIpAddress(AF_INET, "169.254.0.1")), true);
  EXPECT_EQ(GetNetworkSysctl("net/ipv4/conf/pair0/forwarding").value(), "1");
  EXPECT_TRUE(DeleteRoute(
      host(),
      {.destination = *ParseIpPrefix(AF_INET, "192.0.2.5/32"), .gateway = {}, .device = pair}));
}

TEST_F(ContainerNetworkTest, BridgeVlansOnABridgeThatDoesNotFilterAreRefused) {
  MakeBridge("br0");
  const Status made = Make(
      {{"lxc.net.0.type", "veth"}, {"lxc.net.0.link", "br0"}, {"lxc.net.0.veth.vlan.id", "7"}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, EPERM);
  EXPECT_THAT(made.error().attempted, HasSubstr("vlan_filtering of br0"));
}

}  // namespace
}  // namespace lxcspec::runtime
