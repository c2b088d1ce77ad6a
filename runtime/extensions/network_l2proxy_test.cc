// SPDX-License-Identifier: Apache-2.0
//
// In a network namespace of the test's own.

#include "runtime/extensions/network_l2proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/network_sysctl.h"

namespace lxcspec::runtime {
namespace {

using ::testing::HasSubstr;

class NetworkL2ProxyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    auto host = NetlinkSocket::Open();
    ASSERT_TRUE(host);
    host_ = *std::move(host);
    ASSERT_TRUE(CreateVeth(*host_, {.name = "dev0"}, {.name = "dev1"}));
    for (const char* path : {"net/ipv4/conf/dev0/forwarding", "net/ipv6/conf/dev0/forwarding",
                             "net/ipv6/conf/dev0/proxy_ndp"}) {
      ASSERT_TRUE(SetNetworkSysctl(path, "1"));
    }
  }

  std::optional<NetlinkSocket> host_;
  const IpAddress ipv4_ = *ParseIpAddress(AF_INET, "192.0.2.5");
  const IpAddress ipv6_ = *ParseIpAddress(AF_INET6, "2001:db8::5");
};

TEST_F(NetworkL2ProxyTest, EachMissingSysctlIsNamed) {
  EXPECT_TRUE(CheckL2Proxy("dev0", {ipv4_, ipv6_}));
  for (const char* path : {"net/ipv4/conf/dev0/forwarding", "net/ipv6/conf/dev0/forwarding",
                           "net/ipv6/conf/dev0/proxy_ndp"}) {
    ASSERT_TRUE(SetNetworkSysctl(path, "0"));
    const Status checked = CheckL2Proxy("dev0", {ipv4_, ipv6_});
    ASSERT_FALSE(checked) << path;
    std::string name = path;
    std::replace(name.begin(), name.end(), '/', '.');
    EXPECT_THAT(checked.error().attempted, HasSubstr(name));
    ASSERT_TRUE(SetNetworkSysctl(path, "1"));
  }
}

TEST_F(NetworkL2ProxyTest, AFamilyThatIsNotUsedNeedsNothing) {
  ASSERT_TRUE(SetNetworkSysctl("net/ipv6/conf/dev0/proxy_ndp", "0"));
  EXPECT_TRUE(CheckL2Proxy("dev0", {ipv4_}));
}

TEST_F(NetworkL2ProxyTest, TheHostAnswersForAnAddressOnce) {
  const int device = FindLink(*host_, "dev0")->index;
  for (const IpAddress& address : {ipv4_, ipv6_}) {
    EXPECT_EQ(HasL2Proxy(*host_, device, address), false);
    ASSERT_TRUE(AddL2Proxy(*host_, device, address));
    EXPECT_EQ(HasL2Proxy(*host_, device, address), true);
  }
}

TEST_F(NetworkL2ProxyTest, ARouteByTheLoopbackInterfaceIsAdded) {
  const auto loopback = FindLink(*host_, "lo");
  ASSERT_TRUE(loopback);
  ASSERT_TRUE(ChangeLink(*host_, loopback->index, {.up = true}, "up"));
  for (const IpAddress& address : {ipv4_, ipv6_}) {
    const Status added = AddL2ProxyRoute(*host_, loopback->index, address);
    ASSERT_TRUE(added) << added.error().ToString();
    EXPECT_TRUE(DeleteRoute(
        *host_,
        {.destination = IpPrefix::Whole(address), .gateway = {}, .device = loopback->index}));
  }
}

}  // namespace
}  // namespace lxcspec::runtime
