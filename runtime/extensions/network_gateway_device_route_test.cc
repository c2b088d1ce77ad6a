// SPDX-License-Identifier: Apache-2.0
//
// In a network namespace of the test's own.

#include "runtime/extensions/network_gateway_device_route.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>

#include "runtime/kernel/netlink/address.h"
#include "runtime/kernel/netlink/link.h"

namespace lxcspec::runtime {
namespace {

TEST(NetworkGatewayDeviceRouteTest, TheDefaultRouteLeadsToTheDevice) {
  ASSERT_EQ(unshare(CLONE_NEWNET), 0);
  auto inside = NetlinkSocket::Open();
  ASSERT_TRUE(inside);
  ASSERT_TRUE(CreateVeth(*inside, {.name = "eth0"}, {.name = "pair0"}));
  const int device = FindLink(*inside, "eth0")->index;
  ASSERT_TRUE(ChangeLink(*inside, device, {.up = true}, "up"));
  for (const int family : {AF_INET, AF_INET6}) {
    ASSERT_TRUE(AddGatewayDeviceRoute(*inside, device, family));
    EXPECT_EQ(AddGatewayDeviceRoute(*inside, device, family).error().code, EEXIST);
    EXPECT_TRUE(DeleteRoute(*inside, {.destination = {.address = {.family = family, .bytes = {}}},
                                      .gateway = {},
                                      .device = device}));
  }
}

}  // namespace
}  // namespace lxcspec::runtime
