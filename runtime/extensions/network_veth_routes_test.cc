// SPDX-License-Identifier: Apache-2.0
//
// In a network namespace of the test's own.

#include "runtime/extensions/network_veth_routes.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>

#include "runtime/kernel/netlink/link.h"

namespace lxcspec::runtime {
namespace {

TEST(NetworkVethRoutesTest, RoutesLeadToTheDeviceAndGoWithIt) {
  ASSERT_EQ(unshare(CLONE_NEWNET), 0);
  auto host = NetlinkSocket::Open();
  ASSERT_TRUE(host);
  ASSERT_TRUE(CreateVeth(*host, {.name = "pair0"}, {.name = "eth0"}));
  const int device = FindLink(*host, "pair0")->index;
  ASSERT_TRUE(ChangeLink(*host, device, {.up = true}, "up"));
  const IpPrefix ipv4 = *ParseIpPrefix(AF_INET, "198.51.100.0/24");
  const IpPrefix ipv6 = *ParseIpPrefix(AF_INET6, "2001:db8:51::/64");

  ASSERT_TRUE(AddVethRoutes(*host, device, {ipv4, ipv6}));
  EXPECT_EQ(AddVethRoutes(*host, device, {ipv4}).error().code, EEXIST);

  const Route route{.destination = ipv4, .gateway = {}, .device = device};
  EXPECT_TRUE(DeleteRoute(*host, route));
  ASSERT_TRUE(AddVethRoutes(*host, device, {ipv4}));
  ASSERT_TRUE(DeleteLink(*host, device, "delete"));
  EXPECT_FALSE(DeleteRoute(*host, route));
}

TEST(NetworkVethRoutesTest, ARouteOfADeviceThatIsDownIsRefused) {
  ASSERT_EQ(unshare(CLONE_NEWNET), 0);
  auto host = NetlinkSocket::Open();
  ASSERT_TRUE(host);
  ASSERT_TRUE(CreateVeth(*host, {.name = "pair0"}, {.name = "eth0"}));
  const Status added = AddVethRoutes(*host, FindLink(*host, "pair0")->index,
                                     {*ParseIpPrefix(AF_INET, "198.51.100.0/24")});
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, ENETDOWN);
}

}  // namespace
}  // namespace lxcspec::runtime
