// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/network/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "runtime/extensions/claims.h"

namespace lxcspec::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Items = std::vector<std::pair<std::string, std::string>>;

Result<NetworkPlan> PlanOf(const Items& items) {
  Config config;
  for (const auto& [key, value] : items) {
    const Status set = config.Set(key, value);
    EXPECT_TRUE(set) << set.error().ToString();
  }
  return PlanNetwork(config);
}

InterfacePlan OnlyInterfaceOf(const Items& items) {
  auto plan = PlanOf(items);
  EXPECT_TRUE(plan) << plan.error().ToString();
  if (!plan || plan->interfaces.size() != 1) return {};
  return plan->interfaces.front();
}

Error RefusalOf(const Items& items) {
  const auto plan = PlanOf(items);
  EXPECT_FALSE(plan);
  return plan ? Error{} : plan.error();
}

TEST(NetworkPlanTest, InterfacesAreInTheOrderOfTheirIndices) {
  Config config;
  for (const char* index : {"10", "9", "200"}) {
    ASSERT_TRUE(config.Set("lxc.net." + std::string(index) + ".type", "empty"));
  }
  EXPECT_THAT(NetworkSlots(config), ElementsAre("lxc.net.9", "lxc.net.10", "lxc.net.200"));
  ASSERT_TRUE(config.Set("lxc.net", ""));
  EXPECT_THAT(NetworkSlots(config), ElementsAre());
}

TEST(NetworkPlanTest, BroadcastIsComputedWhereItIsNotGiven) {
  const InterfacePlan plan = OnlyInterfaceOf({{"lxc.net.0.type", "veth"},
                                              {"lxc.net.0.ipv4.address", "192.0.2.5/25"},
                                              {"lxc.net.0.ipv4.address", "192.0.2.5/24 192.0.2.9"},
                                              {"lxc.net.0.ipv4.address", "192.0.2.5/31"},
                                              {"lxc.net.0.ipv4.address", "192.0.2.5"},
                                              {"lxc.net.0.ipv6.address", "2001:db8::5"}});
  ASSERT_EQ(plan.addresses.size(), 5U);
  EXPECT_EQ(plan.addresses[0].broadcast->ToString(), "192.0.2.127");
  EXPECT_EQ(plan.addresses[1].broadcast->ToString(), "192.0.2.9");
  EXPECT_FALSE(plan.addresses[2].broadcast);
  EXPECT_EQ(plan.addresses[3].prefix.ToString(), "192.0.2.5/24");
  EXPECT_EQ(plan.addresses[4].prefix.ToString(), "2001:db8::5/64");
  EXPECT_FALSE(plan.addresses[4].broadcast);
}

TEST(NetworkPlanTest, IpvlanIsL3AndBridgeWhereNothingIsSaid) {
  const InterfacePlan plan =
      OnlyInterfaceOf({{"lxc.net.0.type", "ipvlan"}, {"lxc.net.0.link", "dev0"}});
  EXPECT_EQ(plan.ipvlan.mode, "l3");
  EXPECT_EQ(plan.ipvlan.isolation, "bridge");
}

TEST(NetworkPlanTest, TypesOnTopOfADeviceNeedIt) {
  for (const char* type : {"macvlan", "ipvlan", "phys", "vlan"}) {
    const Error error = RefusalOf({{"lxc.net.0.type", type}});
    EXPECT_EQ(error.code, EINVAL);
    EXPECT_THAT(error.attempted, HasSubstr("lxc.net.0.link"));
  }
}

TEST(NetworkPlanTest, AGatewayNeedsAnInterfaceThatIsUpWithAnAddressOfItsFamily) {
  Items items = {{"lxc.net.0.type", "veth"}, {"lxc.net.0.ipv6.gateway", "dev"}};
  EXPECT_THAT(RefusalOf(items).attempted, HasSubstr("not up"));
  items.emplace_back("lxc.net.0.flags", "up");
  items.emplace_back("lxc.net.0.ipv4.address", "192.0.2.5/24");
  EXPECT_THAT(RefusalOf(items).attempted, HasSubstr("no address of that kind"));
  items.emplace_back("lxc.net.0.ipv6.address", "2001:db8::5/64");
  EXPECT_EQ(OnlyInterfaceOf(items).gateways.front().kind, GatewayKind::kDevice);
}

TEST(NetworkPlanTest, GatewayAutoNeedsALinkThatHasAddresses) {
  const Items up = {{"lxc.net.0.flags", "up"},
                    {"lxc.net.0.ipv4.address", "192.0.2.5/24"},
                    {"lxc.net.0.ipv4.gateway", "auto"}};
  for (const Items& of_type : {Items{{"lxc.net.0.type", "veth"}},
                               Items{{"lxc.net.0.type", "phys"}, {"lxc.net.0.link", "dev0"}}}) {
    Items items = of_type;
    items.insert(items.end(), up.begin(), up.end());
    EXPECT_THAT(RefusalOf(items).attempted, HasSubstr("auto"));
  }
}

TEST(NetworkPlanTest, BridgeVlansNeedABridge) {
  EXPECT_THAT(
      RefusalOf({{"lxc.net.0.type", "veth"}, {"lxc.net.0.veth.vlan.tagged.id", "5"}}).attempted,
      HasSubstr("link"));
  EXPECT_THAT(RefusalOf({{"lxc.net.0.type", "veth"},
                         {"lxc.net.0.link", "br0"},
                         {"lxc.net.0.veth.mode", "router"},
                         {"lxc.net.0.veth.vlan.id", "5"}})
                  .attempted,
              HasSubstr("router"));
}

TEST(NetworkPlanTest, OrdinaryUsersHavePortsOfBridgesAndNothingElse) {
  const Items veth = {{"lxc.net.0.type", "veth"},
                      {"lxc.net.0.link", "br0"},
                      {"lxc.net.0.flags", "up"},
                      {"lxc.net.0.hwaddr", "00:16:3e:xx:xx:xx"},
                      {"lxc.net.0.ipv4.address", "192.0.2.5/24"}};
  const auto plan_with = [&](const std::string& key, const std::string& value) {
    Config config;
    for (const auto& [set, to] : veth) EXPECT_TRUE(config.Set(set, to));
    if (!key.empty()) {
      EXPECT_TRUE(config.Set("lxc.net.0." + key, value)) << key;
    }
    return PlanNetwork(config, NetworkRights::kOwn);
  };
  EXPECT_TRUE(plan_with("", ""));
  for (const auto& [key, value] : Items{{"veth.mode", "router"},
                                        {"veth.pair", "pair0"},
                                        {"veth.ipv4.route", "192.0.2.0/24"},
                                        {"veth.vlan.id", "7"},
                                        {"l2proxy", "1"},
                                        {"mtu", "1300"}}) {
    const auto plan = plan_with(key, value);
    ASSERT_FALSE(plan) << key;
    EXPECT_EQ(plan.error().code, EPERM);
    EXPECT_THAT(plan.error().attempted, HasSubstr("lxc.net.0." + key.substr(0, 9)));
  }
  for (const std::string type : {"macvlan", "ipvlan", "phys", "vlan"}) {
    Config config;
    ASSERT_TRUE(config.Set("lxc.net.3.type", type));
    ASSERT_TRUE(config.Set("lxc.net.3.link", "dev0"));
    const auto plan = PlanNetwork(config, NetworkRights::kOwn);
    ASSERT_FALSE(plan) << type;
    EXPECT_EQ(plan.error().attempted, "lxc.net.3.type: needs root");
  }
}

TEST(NetworkPlanTest, WhatIsSwitchedOffIsRefused) {
  ASSERT_EQ(setenv(kDisableVariable, "network_veth_routes", 1), 0);
  const Error error =
      RefusalOf({{"lxc.net.0.type", "veth"}, {"lxc.net.0.veth.ipv4.route", "192.0.2.0/24"}});
  EXPECT_EQ(error.code, ENOSYS);
  EXPECT_TRUE(PlanOf({{"lxc.net.0.type", "veth"}}));
  ASSERT_EQ(unsetenv(kDisableVariable), 0);
}

}  // namespace
}  // namespace lxcspec::runtime
