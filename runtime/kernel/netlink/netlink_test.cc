// SPDX-License-Identifier: Apache-2.0
//
// Talks with the kernel about devices, addresses and routes, in a network namespace of the test's
// own.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <tuple>

#include "runtime/base/unique_fd.h"
#include "runtime/kernel/netlink/address.h"
#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec::runtime {
namespace {

using ::testing::HasSubstr;

class NetlinkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    auto opened = NetlinkSocket::Open();
    ASSERT_TRUE(opened);
    socket_ = *std::move(opened);
  }

  NetlinkSocket& socket() { return *socket_; }

  // A device that is up, and its number.
  int MakeUp(const std::string& name, const std::string& peer) {
    EXPECT_TRUE(CreateVeth(socket(), {.name = name}, {.name = peer}));
    const auto link = FindLink(socket(), name);
    EXPECT_TRUE(link);
    if (!link) return 0;
    EXPECT_TRUE(ChangeLink(socket(), link->index, {.up = true}, "up"));
    return link->index;
  }

  std::optional<NetlinkSocket> socket_;
};

TEST_F(NetlinkTest, AVethIsMadeWithItsPeerInAnotherNetwork) {
  const UniqueFd here(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(unshare(CLONE_NEWNET), 0);
  auto other = NetlinkSocket::Open();
  ASSERT_TRUE(other);
  const Status made = CreateVeth(*other, {.name = "outer0", .mtu = 1400},
                                 {.name = "eth%d",
                                  .address = HardwareAddressBytes{2, 0, 0, 0, 0, 1},
                                  .mtu = 1400,
                                  .network = here.get()});
  ASSERT_TRUE(made) << made.error().ToString();

  const auto outer = FindLink(*other, "outer0");
  ASSERT_TRUE(outer) << outer.error().ToString();
  EXPECT_EQ(outer->kind, "veth");
  EXPECT_EQ(outer->mtu, 1400U);
  const auto inner = FindLink(socket(), "eth0");
  ASSERT_TRUE(inner) << inner.error().ToString();
  EXPECT_EQ(inner->mtu, 1400U);
  EXPECT_TRUE(DeleteLink(*other, outer->index, "delete"));
  EXPECT_EQ(FindLink(socket(), "eth0").error().code, ENODEV);
}

TEST_F(NetlinkTest, ADeviceThatIsNotThereIsEnodev) {
  EXPECT_EQ(FindLink(socket(), "absent0").error().code, ENODEV);
  EXPECT_EQ(FindLink(socket(), 4711).error().code, ENODEV);
  EXPECT_EQ(FindLink(socket(), "eth%d").error().code, EINVAL);
}

TEST_F(NetlinkTest, ARefusalCarriesTheKernelsOwnWords) {
  const int device = MakeUp("a0", "b0");
  const auto prefix = ParseIpPrefix(AF_INET, "192.0.2.1/24");
  const Status added =
      AddRoute(socket(), {.destination = *prefix, .gateway = {}, .device = device});
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, EINVAL);
  EXPECT_THAT(added.error().attempted, HasSubstr("192.0.2.1/24 ("));
}

TEST_F(NetlinkTest, AddressesRoutesAndProxiesComeAndGo) {
  const int device = MakeUp("a0", "b0");
  for (const auto& [family, text, other] :
       {std::tuple(AF_INET, "192.0.2.1/24", "198.51.100.0/24"),
        std::tuple(AF_INET6, "2001:db8::1/64", "2001:db8:1::/64")}) {
    const auto own = ParseIpPrefix(family, text);
    ASSERT_TRUE(own);
    ASSERT_TRUE(AddAddress(socket(), device, *own, std::nullopt));
    const auto addresses = AddressesOf(socket(), device, family);
    ASSERT_TRUE(addresses);
    EXPECT_THAT(*addresses, ::testing::Contains(*own));

    const Route route{
        .destination = *ParseIpPrefix(family, other), .gateway = {}, .device = device};
    ASSERT_TRUE(AddRoute(socket(), route));
    EXPECT_EQ(AddRoute(socket(), route).error().code, EEXIST);
    const Status deleted = DeleteRoute(socket(), route);
    EXPECT_TRUE(deleted) << deleted.error().ToString();
    EXPECT_EQ(DeleteRoute(socket(), route).error().code, ESRCH);

    const IpAddress elsewhere = route.destination.address;
    EXPECT_EQ(HasProxyNeighbour(socket(), device, elsewhere), false);
    ASSERT_TRUE(AddProxyNeighbour(socket(), device, elsewhere));
    EXPECT_EQ(HasProxyNeighbour(socket(), device, elsewhere), true);
    ASSERT_TRUE(DeleteProxyNeighbour(socket(), device, elsewhere));
    EXPECT_EQ(HasProxyNeighbour(socket(), device, elsewhere), false);
  }
}

TEST_F(NetlinkTest, ABridgeIsSeenWithWhatItSaysOfVlans) {
  ASSERT_TRUE(CreateLink(socket(), "bridge", 0, {.name = "br0"}, nullptr));
  const auto bridge = FindLink(socket(), "br0");
  ASSERT_TRUE(bridge);
  EXPECT_EQ(bridge->kind, "bridge");
  EXPECT_FALSE(bridge->vlan_filtering);
  const int port = MakeUp("a0", "b0");
  ASSERT_TRUE(ChangeLink(socket(), port, {.master = bridge->index}, "attach"));
  EXPECT_EQ(FindLink(socket(), "a0")->master, bridge->index);
}

TEST(LinkTest, OnlyTheKernelsBridgesAreBridges) {
  EXPECT_TRUE(CheckBridge({.name = "br0", .kind = "bridge"}));
  const Status other = CheckBridge({.name = "dev0", .kind = "veth"});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, EINVAL);
  const Status switched = CheckBridge({.name = "ovs0", .kind = "openvswitch"});
  ASSERT_FALSE(switched);
  EXPECT_EQ(switched.error().code, EOPNOTSUPP);
  EXPECT_EQ(switched.error().attempted, "ovs0 is a bridge of Open vSwitch, not of the kernel");
}

TEST(LinkTest, HardwareAddressesAreReadBack) {
  const HardwareAddressBytes address{2, 0, 0x5e, 0, 0, 0xfe};
  EXPECT_EQ(HardwareAddressText(address), "02:00:5e:00:00:fe");
  EXPECT_EQ(ParseHardwareAddress("02:00:5e:00:00:fe"), address);
  for (const char* text : {"", "02:00:5e:00:00", "02:00:5e:00:00:fg", "2:00:5e:00:00:fe",
                           "02:00:5e:00:00:fe:01", "02-00-5e-00-00-fe", "0x:00:5e:00:00:fe"}) {
    EXPECT_FALSE(ParseHardwareAddress(text)) << text;
  }
}

TEST(PrefixTest, WhatIsNoPrefixIsRefused) {
  EXPECT_FALSE(ParseIpPrefix(AF_INET, "192.0.2.1/33"));
  EXPECT_FALSE(ParseIpPrefix(AF_INET, "192.0.2.1"));
  EXPECT_FALSE(ParseIpPrefix(AF_INET, "192.0.2/24"));
  EXPECT_FALSE(ParseIpPrefix(AF_INET6, "192.0.2.1/24"));
  EXPECT_EQ(ParseIpPrefix(AF_INET, "192.0.2.1", 24)->ToString(), "192.0.2.1/24");
  EXPECT_EQ(ParseIpPrefix(AF_INET6, "2001:DB8::1/0x40")->ToString(), "2001:db8::1/64");
}

}  // namespace
}  // namespace lxcspec::runtime
