// SPDX-License-Identifier: Apache-2.0
//
// What the host's routing table shows while a container runs and afterwards.

#include <linux/rtnetlink.h>

#include <string>
#include <vector>

#include "conformance/harness/network_test.h"

namespace lxcspec {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

constexpr char kNetwork4[] = "198.51.100.0/24";
constexpr char kNetwork6[] = "2001:db8:51::/64";

Route Ipv4Route(const std::string& network, const std::string& device) {
  return {.destination = network, .device = device};
}

Route Ipv6Route(const std::string& network, const std::string& device) {
  return {.destination = network, .device = device, .scope = RT_SCOPE_UNIVERSE};
}

// A veth interface whose end on the host is `pair`.
ConfigItems Veth(int index, const std::string& pair, const ConfigItems& more = {}) {
  return InterfaceItems(index, Joined({{"type", "veth"},
                                       {"veth.pair", pair},
                                       {"name", "eth" + std::to_string(index)},
                                       {"flags", "up"}},
                                      more));
}

const ConfigItems kOneOfEach =
    Veth(0, "pair0", {{"veth.ipv4.route", kNetwork4}, {"veth.ipv6.route", kNetwork6}});

class NetworkVethRoutesTest : public NetworkTest {
 protected:
  void ExpectNothingOf(const std::string& device) const {
    EXPECT_TRUE(Eventually([&] { return HostDevices(); }, SucceedsWith(Not(Contains(device)))));
    EXPECT_THAT(host().Routes(), SucceedsWith(IsEmpty()));
  }
};

TEST_F(NetworkVethRoutesTest, IsAnnounced) {
  COVERS(spec::network_veth_routes::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("network_veth_routes"));
}

TEST_F(NetworkVethRoutesTest, HostHasTheIpv4Routes) {
  COVERS(spec::network_veth_routes::kIpv4);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Veth(0, "pair0",
                                                        {{"veth.ipv4.route", kNetwork4},
                                                         {"veth.ipv4.route", "203.0.113.7/32"},
                                                         {"veth.ipv4.route", "10.0.0.0/9"}})));

  EXPECT_THAT(host().Routes(),
              SucceedsWith(::testing::UnorderedElementsAre(Ipv4Route(kNetwork4, "pair0"),
                                                           Ipv4Route("203.0.113.7/32", "pair0"),
                                                           Ipv4Route("10.0.0.0/9", "pair0"))));
}

TEST_F(NetworkVethRoutesTest, HostHasADefaultRouteWhereThatIsAsked) {
  COVERS(spec::network_veth_routes::kIpv4);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartProbed(Veth(0, "pair0", {{"veth.ipv4.route", "0.0.0.0/0"}})));

  EXPECT_THAT(host().Routes(), SucceedsWith(Contains(Ipv4Route("0.0.0.0/0", "pair0"))));
}

TEST_F(NetworkVethRoutesTest, HostHasTheIpv6Routes) {
  COVERS(spec::network_veth_routes::kIpv6);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartProbed(Veth(0, "pair0",
                                        {{"veth.ipv6.route", kNetwork6},
                                         {"veth.ipv6.route", "2001:db8:52::7/128"}})));

  EXPECT_THAT(host().Routes(),
              SucceedsWith(::testing::UnorderedElementsAre(
                  Ipv6Route(kNetwork6, "pair0"), Ipv6Route("2001:db8:52::7/128", "pair0"))));
}

TEST_F(NetworkVethRoutesTest, RoutesLeadThroughTheirOwnInterfaces) {
  COVERS(spec::network_veth_routes::kEachInterface);
  const ConfigItems config = Joined(
      Veth(7, "pair7", {{"veth.ipv4.route", "203.0.113.0/24"}, {"veth.ipv6.route", kNetwork6}}),
      Veth(2, "pair2", {{"veth.ipv4.route", kNetwork4}, {"veth.ipv6.route", "2001:db8:52::/64"}}));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(config));

  EXPECT_THAT(host().Routes(),
              SucceedsWith(::testing::UnorderedElementsAre(
                  Ipv4Route(kNetwork4, "pair2"), Ipv4Route("203.0.113.0/24", "pair7"),
                  Ipv6Route("2001:db8:52::/64", "pair2"), Ipv6Route(kNetwork6, "pair7"))));
}

TEST_F(NetworkVethRoutesTest, RoutesLeadThroughAPortOfABridge) {
  COVERS(spec::network_veth_routes::kOnBridge);
  ASSERT_OK(MakeBridge("br0"));
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartProbed(Joined(kOneOfEach, {{"lxc.net.0.link", "br0"}})));

  ASSERT_OK_AND_ASSIGN(const Link bridge, host().FindLink("br0"));
  ASSERT_OK_AND_ASSIGN(const Link pair, host().FindLink("pair0"));
  EXPECT_EQ(pair.master, bridge.index);
  EXPECT_THAT(
      host().Routes(),
      SucceedsWith(IsSupersetOf({Ipv4Route(kNetwork4, "pair0"), Ipv6Route(kNetwork6, "pair0")})));
}

TEST_F(NetworkVethRoutesTest, Ipv4DatagramsPass) {
  COVERS(spec::network_veth_routes::kCarriesTraffic);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Veth(0, "pair0",
                                                        {{"ipv4.address", "198.51.100.2/24"},
                                                         {"ipv4.gateway", "dev"},
                                                         {"veth.ipv4.route", kNetwork4}})));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));
  ASSERT_OK(host().AddAddress("pair0", "192.0.2.1/32"));

  EXPECT_OK(Exchange({host(), "192.0.2.1"}, {inside, "198.51.100.2"}));
}

TEST_F(NetworkVethRoutesTest, Ipv6DatagramsPass) {
  COVERS(spec::network_veth_routes::kCarriesTraffic);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Veth(0, "pair0",
                                                        {{"ipv6.address", "2001:db8:51::2/64"},
                                                         {"ipv6.gateway", "dev"},
                                                         {"veth.ipv6.route", kNetwork6}})));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));
  ASSERT_OK(host().AddAddress("pair0", "2001:db8:1::1/128"));

  EXPECT_OK(Exchange({host(), "2001:db8:1::1"}, {inside, "2001:db8:51::2"}));
}

TEST_F(NetworkVethRoutesTest, ContainerHasNoneOfTheRoutes) {
  COVERS(spec::network_veth_routes::kNotInside);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kOneOfEach));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.Routes(), SucceedsWith(IsEmpty()));
  EXPECT_OK(inside.FindLink("eth0"));
}

TEST_F(NetworkVethRoutesTest, RoutesAreGoneAfterAStop) {
  COVERS(spec::network_veth_routes::kGoneAfterStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kOneOfEach));

  ASSERT_OK(StopAndWait(*container));

  ExpectNothingOf("pair0");
}

TEST_F(NetworkVethRoutesTest, RoutesAreGoneAfterInitWasKilled) {
  COVERS(spec::network_veth_routes::kGoneAfterStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kOneOfEach));

  ASSERT_OK(KillAndWait(container));

  ExpectNothingOf("pair0");
}

TEST_F(NetworkVethRoutesTest, NothingIsLeftOfInterfacesThatWereClearedTogether) {
  COVERS(spec::network_veth_routes::kAllCleared);
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> devices, HostDevices());
  for (const bool by_setting : {false, true}) {
    ASSERT_OK_AND_ASSIGN(
        auto container,
        Configure({"pause"}, Joined(Veth(3, "pair3", {{"veth.ipv4.route", kNetwork4}}),
                                    Veth(70, "pair70", {{"veth.ipv6.route", kNetwork6}}))));

    if (by_setting) {
      ASSERT_OK(container->SetConfigItem("lxc.net", ""));
    } else {
      ASSERT_OK(container->ClearConfigItem("lxc.net"));
    }

    for (const std::string index : {"3", "70"}) {
      EXPECT_THAT(container->GetConfigItem("lxc.net." + index + ".type"), Fails());
      EXPECT_THAT(container->GetConfigItem("lxc.net." + index + ".veth.pair"), Fails());
    }
    ASSERT_OK(container->SetConfigItem("lxc.net.0.type", "empty"));
    ASSERT_OK(container->Start({}));
    EXPECT_THAT(HostDevices(), SucceedsWith(devices));
    EXPECT_THAT(host().Routes(), SucceedsWith(IsEmpty()));
    ASSERT_OK(StopAndWait(*container));
  }
}

TEST_F(NetworkVethRoutesTest, RoutesAreBackAfterARestart) {
  COVERS(spec::network_veth_routes::kRestart);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kOneOfEach));
  ASSERT_OK(StopAndWait(*container));
  ASSERT_TRUE(Eventually([&] { return HostDevices(); }, SucceedsWith(Not(Contains("pair0")))));

  ASSERT_OK(container->Start({}));
  ASSERT_OK(container.AwaitNextInit());

  EXPECT_THAT(
      host().Routes(),
      SucceedsWith(IsSupersetOf({Ipv4Route(kNetwork4, "pair0"), Ipv6Route(kNetwork6, "pair0")})));
}

// What fails a start.

TEST_F(NetworkVethRoutesTest, Ipv4NetworkWithHostBitsIsRefusedOrFailsTheStart) {
  COVERS(spec::network_veth_routes::kHostBits);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}, Veth(0, "pair0")));

  if (!container->SetConfigItem("lxc.net.0.veth.ipv4.route", "198.51.100.1/24")) return;

  EXPECT_THAT(StartBriefly(*container), Fails());
  ExpectNothingOf("pair0");
}

TEST_F(NetworkVethRoutesTest, RouteOfTheHostIsNotReplaced) {
  COVERS(spec::network_veth_routes::kExistingRoute);
  ASSERT_OK(MakeWire("up0"));
  ASSERT_OK(host().AddRoute(kNetwork4, "", "up0"));
  ASSERT_OK_AND_ASSIGN(const std::vector<Route> before, host().Routes());

  EXPECT_THAT(StartBriefly(kOneOfEach), Fails());

  EXPECT_TRUE(Eventually([&] { return host().Routes(); }, SucceedsWith(before)));
}

TEST_F(NetworkVethRoutesTest, FailedStartLeavesDevicesAndRoutesAsTheyWere) {
  COVERS(spec::network_veth_routes::kFailedStart);
  ASSERT_OK(MakeWire("up0"));
  ASSERT_OK(host().AddRoute("203.0.113.0/24", "", "up0"));
  ASSERT_OK_AND_ASSIGN(const std::vector<Route> routes, host().Routes());
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> devices, HostDevices());
  // The first interface and its routes are fine, so is the first route of the second.
  const ConfigItems config =
      Joined(kOneOfEach,
             Veth(1, "pair1",
                  {{"veth.ipv4.route", "192.0.2.0/24"}, {"veth.ipv4.route", "203.0.113.0/24"}}));

  EXPECT_THAT(StartBriefly(config), Fails());

  EXPECT_TRUE(Eventually([&] { return HostDevices(); }, SucceedsWith(devices)));
  EXPECT_THAT(host().Routes(), SucceedsWith(routes));
}

TEST_F(NetworkVethRoutesTest, WithoutIpv6AnIpv6RouteFailsTheStart) {
  COVERS(spec::network_veth_routes::kNoIpv6);
  ASSERT_OK(host().WriteSysctl("net/ipv6/conf/default/disable_ipv6", "1"));

  EXPECT_THAT(StartBriefly(kOneOfEach), Fails());

  ExpectNothingOf("pair0");
}

}  // namespace
}  // namespace lxcspec
