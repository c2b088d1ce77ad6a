// SPDX-License-Identifier: Apache-2.0
//
// In a network namespace of the test's own.

#include "runtime/extensions/network_veth_router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>

#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/network_sysctl.h"

namespace lxcspec::runtime {
namespace {

using ::testing::HasSubstr;

class NetworkVethRouterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    auto host = NetlinkSocket::Open();
    ASSERT_TRUE(host);
    host_ = *std::move(host);
    ASSERT_TRUE(CreateVeth(*host_, {.name = "pair0"}, {.name = "eth0"}));
    device_ = FindLink(*host_, "pair0")->index;
    ASSERT_TRUE(ChangeLink(*host_, device_, {.up = true}, "up"));
  }

  std::optional<NetlinkSocket> host_;
  int device_ = 0;
};

TEST_F(NetworkVethRouterTest, TheHostRoutesAndAnswersForTheGateways) {
  const VethRouter router{
      .addresses = {*ParseIpAddress(AF_INET, "192.0.2.5"),
                    *ParseIpAddress(AF_INET6, "2001:db8::5")},
      .gateways = {*ParseIpAddress(AF_INET, "169.254.0.1"), *ParseIpAddress(AF_INET6, "fe80::1")}};
  ASSERT_TRUE(SetNetworkSysctl("net/ipv6/conf/all/forwarding", "1"));
  ASSERT_TRUE(CheckVethRouter(router));
  const Status done = SetUpVethRouter(*host_, device_, "pair0", router);
  ASSERT_TRUE(done) << done.error().ToString();

  for (const IpAddress& gateway : router.gateways) {
    EXPECT_EQ(HasProxyNeighbour(*host_, device_, gateway), true) << gateway.ToString();
  }
  for (const IpAddress& address : router.addresses) {
    EXPECT_TRUE(DeleteRoute(
        *host_, {.destination = IpPrefix::Whole(address), .gateway = {}, .device = device_}));
  }
  EXPECT_EQ(GetNetworkSysctl("net/ipv4/conf/pair0/forwarding").value(), "1");
  EXPECT_EQ(GetNetworkSysctl("net/ipv6/conf/pair0/forwarding").value(), "1");
  EXPECT_EQ(GetNetworkSysctl("net/ipv6/conf/pair0/proxy_ndp").value(), "1");
}

TEST_F(NetworkVethRouterTest, AHostThatDoesNotForwardIpv6IsNamedByItsSysctl) {
  ASSERT_TRUE(SetNetworkSysctl("net/ipv6/conf/all/forwarding", "0"));
  const Status checked =
      CheckVethRouter({.addresses = {}, .gateways = {*ParseIpAddress(AF_INET6, "fe80::1")}});
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().attempted, HasSubstr("net.ipv6.conf.all.forwarding is 0"));
  EXPECT_TRUE(
      CheckVethRouter({.addresses = {}, .gateways = {*ParseIpAddress(AF_INET, "169.254.0.1")}}));
}

}  // namespace
}  // namespace lxcspec::runtime
