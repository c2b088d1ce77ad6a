// SPDX-License-Identifier: Apache-2.0
//
// The default route that the container has.

#include <linux/rtnetlink.h>

#include <string>
#include <vector>

#include "conformance/harness/network_test.h"

namespace lxcspec {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

// The protocol and the scope of the route are left open.
auto IsDeviceRoute(const std::string& destination, const std::string& device) {
  return AllOf(Field("destination", &Route::destination, destination),
               Field("device", &Route::device, device), Field("gateway", &Route::gateway, ""),
               Field("table", &Route::table, uint32_t{RT_TABLE_MAIN}));
}

auto IsIpv4Default(const std::string& device) { return IsDeviceRoute("0.0.0.0/0", device); }

auto IsIpv6Default(const std::string& device) { return IsDeviceRoute("::/0", device); }

// A veth interface with an address of each family.
ConfigItems Veth(int index, const ConfigItems& more) {
  const std::string number = std::to_string(index);
  return InterfaceItems(index, Joined({{"type", "veth"},
                                       {"veth.pair", "pair" + number},
                                       {"name", "eth" + number},
                                       {"flags", "up"},
                                       {"ipv4.address", "198.51.10" + number + ".2/24"},
                                       {"ipv6.address", "2001:db8:" + number + "::2/64"}},
                                      more));
}

class NetworkGatewayDeviceRouteTest : public NetworkTest {};

TEST_F(NetworkGatewayDeviceRouteTest, IsAnnounced) {
  COVERS(spec::network_gateway_device_route::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("network_gateway_device_route"));
}

TEST_F(NetworkGatewayDeviceRouteTest, Ipv4DefaultRouteLeadsToTheDevice) {
  COVERS(spec::network_gateway_device_route::kIpv4);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Veth(0, {{"ipv4.gateway", "dev"}})));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.Routes(), SucceedsWith(ElementsAre(IsIpv4Default("eth0"))));
}

TEST_F(NetworkGatewayDeviceRouteTest, Ipv6DefaultRouteLeadsToTheDevice) {
  COVERS(spec::network_gateway_device_route::kIpv6);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Veth(0, {{"ipv6.gateway", "dev"}})));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.Routes(), SucceedsWith(ElementsAre(IsIpv6Default("eth0"))));
}

TEST_F(NetworkGatewayDeviceRouteTest, EachFamilyLeadsThroughItsInterface) {
  COVERS(spec::network_gateway_device_route::kEachInterface);
  const ConfigItems config =
      Joined(Veth(9, {{"ipv4.gateway", "dev"}}), Veth(3, {{"ipv6.gateway", "dev"}}));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(config));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.Routes(),
              SucceedsWith(UnorderedElementsAre(IsIpv4Default("eth9"), IsIpv6Default("eth3"))));
}

TEST_F(NetworkGatewayDeviceRouteTest, HostGetsNoRoute) {
  COVERS(spec::network_gateway_device_route::kNotOutside);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartProbed(Veth(0, {{"ipv4.gateway", "dev"}, {"ipv6.gateway", "dev"}})));

  EXPECT_THAT(host().Routes(), SucceedsWith(IsEmpty()));
}

TEST_F(NetworkGatewayDeviceRouteTest, ClearedKeyGivesNoRoute) {
  COVERS(spec::network_gateway_device_route::kCleared);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Veth(0, {{"ipv4.gateway", "dev"},
                                                            {"ipv6.gateway", "dev"},
                                                            {"ipv4.gateway", ""},
                                                            {"ipv6.gateway", ""}})));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.Routes(), SucceedsWith(IsEmpty()));
}

TEST_F(NetworkGatewayDeviceRouteTest, AddressThatWasSetAfterwardsIsTheGateway) {
  COVERS(spec::network_gateway_device_route::kOverridesEarlierAddress);
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartProbed(Veth(0, {{"ipv4.gateway", "dev"}, {"ipv4.gateway", "198.51.100.1"}})));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.Routes(),
              SucceedsWith(ElementsAre(AllOf(Field("destination", &Route::destination, "0.0.0.0/0"),
                                             Field("gateway", &Route::gateway, "198.51.100.1")))));
}

TEST_F(NetworkGatewayDeviceRouteTest, Ipv4DatagramsPass) {
  COVERS(spec::network_gateway_device_route::kCarriesTraffic);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Veth(0, {{"ipv4.gateway", "dev"}})));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));
  ASSERT_OK(host().AddAddress("pair0", "203.0.113.1/32"));
  ASSERT_OK(host().AddRoute("198.51.100.0/24", "", "pair0"));

  EXPECT_OK(Exchange({inside, "198.51.100.2"}, {host(), "203.0.113.1"}));
}

TEST_F(NetworkGatewayDeviceRouteTest, Ipv6DatagramsPass) {
  COVERS(spec::network_gateway_device_route::kCarriesTraffic);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Veth(0, {{"ipv6.gateway", "dev"}})));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));
  ASSERT_OK(host().AddAddress("pair0", "2001:db8:ff::1/128"));
  ASSERT_OK(host().AddRoute("2001:db8:0::/64", "", "pair0"));

  EXPECT_OK(Exchange({inside, "2001:db8::2"}, {host(), "2001:db8:ff::1"}));
}

// What fails a start.

struct FamilyKeys {
  std::string name;
  std::string gateway;
  std::string address;
};

class NetworkGatewayDeviceRouteFamilyTest : public NetworkGatewayDeviceRouteTest,
                                            public ::testing::WithParamInterface<FamilyKeys> {};

TEST_P(NetworkGatewayDeviceRouteFamilyTest, InterfaceThatStaysDownFailsTheStart) {
  COVERS(spec::network_gateway_device_route::kNeedsUp);

  EXPECT_THAT(StartBriefly(Veth(0, {{GetParam().gateway, "dev"}, {"flags", ""}})), Fails());
}

TEST_P(NetworkGatewayDeviceRouteFamilyTest, WithoutAddressTheStartReturns) {
  COVERS(spec::network_gateway_device_route::kWithoutAddress);

  auto started = StartProbed(Veth(0, {{GetParam().address, ""}, {GetParam().gateway, "dev"}}));

  if (started) {
    ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(*started));
    EXPECT_THAT(inside.Routes(),
                SucceedsWith(Contains(AllOf(Field("device", &Route::device, "eth0"),
                                            Field("gateway", &Route::gateway, "")))));
  } else {
    EXPECT_TRUE(Eventually([&] { return HostDevices(); }, SucceedsWith(Not(Contains("pair0")))));
  }
}

INSTANTIATE_TEST_SUITE_P(All, NetworkGatewayDeviceRouteFamilyTest,
                         ::testing::Values(FamilyKeys{"Ipv4", "ipv4.gateway", "ipv4.address"},
                                           FamilyKeys{"Ipv6", "ipv6.gateway", "ipv6.address"}),
                         [](const auto& each) { return each.param.name; });

TEST_F(NetworkGatewayDeviceRouteTest, WithoutIpv6TheStartFails) {
  COVERS(spec::network_gateway_device_route::kNoIpv6);
  // An MTU below IPv6's least takes IPv6 from a device. Without an address nothing else fails.
  const ConfigItems without_ipv6 = {{"type", "veth"},
                                    {"name", "eth0"},
                                    {"flags", "up"},
                                    {"ipv4.address", "198.51.100.2/24"},
                                    {"mtu", "1000"}};
  ASSERT_OK(StartBriefly(InterfaceItems(0, without_ipv6)));

  EXPECT_THAT(StartBriefly(InterfaceItems(0, Joined(without_ipv6, {{"ipv6.gateway", "dev"}}))),
              Fails());
}

}  // namespace
}  // namespace lxcspec
