// SPDX-License-Identifier: Apache-2.0
//
// In a network namespace of the test's own.

#include "runtime/extensions/network_bridge_vlan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <sched.h>

#include <cerrno>
#include <optional>
#include <utility>

namespace lxcspec::runtime {
namespace {

using ::testing::HasSubstr;

const Link kFiltering{.index = 1, .name = "br0", .kind = "bridge", .vlan_filtering = true};

TEST(NetworkBridgeVlanTest, NothingIsAskedOfABridgeWithoutVlans) {
  EXPECT_TRUE(CheckBridgeVlans({.name = "dev0", .kind = "veth"}, {}));
}

TEST(NetworkBridgeVlanTest, ABridgeThatDoesNotFilterIsRefused) {
  const Status checked =
      CheckBridgeVlans({.name = "br0", .kind = "bridge"}, {.leave_default = true});
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, EPERM);
  EXPECT_THAT(checked.error().attempted, HasSubstr("vlan_filtering of br0"));
}

TEST(NetworkBridgeVlanTest, WhatIsNoBridgeIsRefused) {
  const Status checked = CheckBridgeVlans({.name = "dev0", .kind = "veth"}, {.untagged = 5});
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, EINVAL);
}

TEST(NetworkBridgeVlanTest, OneVlanWithAndWithoutATagIsRefused) {
  EXPECT_TRUE(CheckBridgeVlans(kFiltering, {.untagged = 5, .tagged = {6, 7}}));
  const Status checked = CheckBridgeVlans(kFiltering, {.untagged = 5, .tagged = {4, 5}});
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, EINVAL);
}

// Not every kernel has filtering bridges: there one cannot be made at all.
TEST(NetworkBridgeVlanTest, APortIsMemberOfItsVlansWhereTheKernelHasAny) {
  ASSERT_EQ(unshare(CLONE_NEWNET), 0);
  auto host = NetlinkSocket::Open();
  ASSERT_TRUE(host);
  const auto filters = [](NetlinkRequest& data) {
    data.AddNumber(IFLA_BR_VLAN_FILTERING, uint8_t{1});
  };
  ASSERT_TRUE(CreateVeth(*host, {.name = "pair0"}, {.name = "eth0"}));
  const auto port = FindLink(*host, "pair0");
  ASSERT_TRUE(port);
  const Status made = CreateLink(*host, "bridge", 0, {.name = "br0"}, filters);
  const auto bridge = FindLink(*host, "br0");
  if (!made || !bridge || !bridge->vlan_filtering) {
    EXPECT_FALSE(SetPortVlans(*host, kFiltering, port->index, {.untagged = 5}));
    return;
  }
  ASSERT_TRUE(ChangeLink(*host, port->index, {.master = bridge->index}, "attach"));
  const Status set =
      SetPortVlans(*host, *bridge, port->index, {.untagged = 5, .tagged = {6, 4094}});
  EXPECT_TRUE(set) << set.error().ToString();
  EXPECT_FALSE(SetPortVlans(*host, *bridge, port->index, {.tagged = {4095}}));
}

}  // namespace
}  // namespace lxcspec::runtime
