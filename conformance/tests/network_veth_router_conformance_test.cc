// SPDX-License-Identifier: Apache-2.0
//
// The key, and what the host has of a container in router mode.

#include <linux/rtnetlink.h>

#include <string>
#include <vector>

#include "conformance/harness/network_test.h"

namespace lxcspec {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

constexpr char kKey[] = "lxc.net.6.veth.mode";

Route Ipv4Route(const std::string& network, const std::string& device) {
  return {.destination = network, .device = device};
}

Route Ipv6Route(const std::string& network, const std::string& device) {
  return {.destination = network, .device = device, .scope = RT_SCOPE_UNIVERSE};
}

ConfigItems Veth(int index, const std::string& pair, const ConfigItems& more = {}) {
  return InterfaceItems(index,
                        Joined({{"type", "veth"}, {"veth.pair", pair}, {"flags", "up"}}, more));
}

ConfigItems Router(int index, const std::string& pair, const ConfigItems& more = {}) {
  return Veth(index, pair, Joined({{"veth.mode", "router"}}, more));
}

const ConfigItems kOneOfEach = Router(0, "pair0",
                                      {{"ipv4.address", "198.51.100.2/32"},
                                       {"ipv4.gateway", "169.254.1.1"},
                                       {"ipv6.address", "2001:db8:51::2/128"},
                                       {"ipv6.gateway", "fe80::1"}});

class NetworkVethRouterTest : public NetworkTest {
 protected:
  Status ForwardIpv6() { return host().WriteSysctl("net/ipv6/conf/all/forwarding", "1"); }

  Result<std::unique_ptr<Container>> WithInterface(const std::string& type = "veth") {
    ASSIGN_OR_RETURN(auto container, NewContainer());
    RETURN_IF_ERROR(container->SetConfigItem("lxc.net.6.type", type));
    return container;
  }

  void ExpectNothingOf(const std::string& device) const {
    EXPECT_TRUE(Eventually([&] { return HostDevices(); }, SucceedsWith(Not(Contains(device)))));
    EXPECT_THAT(host().Routes(), SucceedsWith(IsEmpty()));
    EXPECT_THAT(host().NeighbourProxies(), SucceedsWith(IsEmpty()));
  }
};

TEST_F(NetworkVethRouterTest, IsAnnounced) {
  COVERS(spec::network_veth_router::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("network_veth_router"));
}

// The key.

TEST_F(NetworkVethRouterTest, ModeReadsBackAndDefaultsToBridge) {
  COVERS(spec::network_veth_router::kModeReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());
  EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("bridge"));

  for (const std::string mode : {"router", "bridge"}) {
    ASSERT_OK(container->SetConfigItem(kKey, mode));
    EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith(mode));
  }
}

TEST_F(NetworkVethRouterTest, ClearedModeIsBridge) {
  COVERS(spec::network_veth_router::kModeCleared);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());
  ASSERT_OK(container->SetConfigItem(kKey, "router"));
  ASSERT_OK(container->ClearConfigItem(kKey));
  EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("bridge"));

  ASSERT_OK(container->SetConfigItem(kKey, "router"));
  ASSERT_OK(container->SetConfigItem(kKey, ""));
  EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("bridge"));
}

TEST_F(NetworkVethRouterTest, OtherModesAreRefused) {
  COVERS(spec::network_veth_router::kModeRefused);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());
  ASSERT_OK(container->SetConfigItem(kKey, "router"));

  for (const std::string mode :
       {"Router", "BRIDGE", "route", "routers", "router bridge", "l3", "0"}) {
    EXPECT_THAT(container->SetConfigItem(kKey, mode), Fails()) << mode;
    EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("router"));
  }
}

TEST_F(NetworkVethRouterTest, ModeIsRefusedForOtherTypes) {
  COVERS(spec::network_veth_router::kOtherTypes);
  for (const std::string type : {"empty", "macvlan", "phys"}) {
    ASSERT_OK_AND_ASSIGN(auto container, WithInterface(type));
    EXPECT_THAT(container->SetConfigItem(kKey, "router"), Fails()) << type;
  }
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  EXPECT_THAT(container->SetConfigItem(kKey, "router"), Fails());
}

// Routes.

TEST_F(NetworkVethRouterTest, HostHasARouteToEachIpv4Address) {
  COVERS(spec::network_veth_router::kIpv4Routes);
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartProbed(Router(
          0, "pair0", {{"ipv4.address", "198.51.100.2/24"}, {"ipv4.address", "203.0.113.7/32"}})));

  EXPECT_THAT(host().Routes(),
              SucceedsWith(UnorderedElementsAre(Ipv4Route("198.51.100.2/32", "pair0"),
                                                Ipv4Route("203.0.113.7/32", "pair0"))));
}

TEST_F(NetworkVethRouterTest, HostHasARouteToEachIpv6Address) {
  COVERS(spec::network_veth_router::kIpv6Routes);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartProbed(Router(0, "pair0",
                                          {{"ipv6.address", "2001:db8:51::2/64"},
                                           {"ipv6.address", "2001:db8:52::7/128"}})));

  EXPECT_THAT(host().Routes(),
              SucceedsWith(UnorderedElementsAre(Ipv6Route("2001:db8:51::2/128", "pair0"),
                                                Ipv6Route("2001:db8:52::7/128", "pair0"))));
}

TEST_F(NetworkVethRouterTest, EachInterfaceHasItsOwn) {
  COVERS(spec::network_veth_router::kEachInterface);
  ConfigItems config =
      Router(8, "pair8", {{"ipv4.address", "198.51.100.2/32"}, {"ipv4.gateway", "169.254.1.1"}});
  config = Joined(config, Veth(5, "pair5", {{"ipv4.address", "192.0.2.2/24"}}));
  config = Joined(config, Router(2, "pair2", {{"ipv4.address", "203.0.113.7/32"}}));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(config));

  EXPECT_THAT(host().Routes(),
              SucceedsWith(UnorderedElementsAre(Ipv4Route("198.51.100.2/32", "pair8"),
                                                Ipv4Route("203.0.113.7/32", "pair2"))));
  EXPECT_THAT(host().NeighbourProxies(), SucceedsWith(UnorderedElementsAre(NeighbourProxy{
                                             .device = "pair8", .address = "169.254.1.1"})));
}

// Gateways.

TEST_F(NetworkVethRouterTest, HostAnswersForTheIpv4Gateway) {
  COVERS(spec::network_veth_router::kIpv4GatewayProxy);
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartProbed(Router(0, "pair0",
                         {{"ipv4.address", "198.51.100.2/32"}, {"ipv4.gateway", "169.254.1.1"}})));

  EXPECT_THAT(host().NeighbourProxies(), SucceedsWith(UnorderedElementsAre(NeighbourProxy{
                                             .device = "pair0", .address = "169.254.1.1"})));
  EXPECT_THAT(host().ReadSysctl("net/ipv4/conf/pair0/forwarding"), SucceedsWith("1"));
}

TEST_F(NetworkVethRouterTest, HostAnswersForTheIpv6Gateway) {
  COVERS(spec::network_veth_router::kIpv6GatewayProxy);
  ASSERT_OK(ForwardIpv6());
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartProbed(Router(0, "pair0",
                         {{"ipv6.address", "2001:db8:51::2/128"}, {"ipv6.gateway", "fe80::1"}})));

  EXPECT_THAT(
      host().NeighbourProxies(),
      SucceedsWith(UnorderedElementsAre(NeighbourProxy{.device = "pair0", .address = "fe80::1"})));
  EXPECT_THAT(host().ReadSysctl("net/ipv6/conf/pair0/forwarding"), SucceedsWith("1"));
  EXPECT_THAT(host().ReadSysctl("net/ipv6/conf/pair0/proxy_ndp"), SucceedsWith("1"));
}

TEST_F(NetworkVethRouterTest, WithoutAGatewayAddressThereIsNoProxy) {
  COVERS(spec::network_veth_router::kNoGatewayAddress);
  for (const std::string gateway : {"", "dev"}) {
    ASSERT_OK_AND_ASSIGN(
        auto container,
        StartProbed(
            Router(0, "pair0", {{"ipv4.address", "198.51.100.2/32"}, {"ipv4.gateway", gateway}}),
            {}, "c" + gateway));

    EXPECT_THAT(host().NeighbourProxies(), SucceedsWith(IsEmpty()));
    EXPECT_THAT(host().Routes(),
                SucceedsWith(UnorderedElementsAre(Ipv4Route("198.51.100.2/32", "pair0"))));
    ASSERT_OK(StopAndWait(*container));
    ExpectNothingOf("pair0");
  }
}

TEST_F(NetworkVethRouterTest, BridgeModeMakesNeitherRoutesNorProxies) {
  COVERS(spec::network_veth_router::kBridgeMode);
  const ConfigItems config =
      Joined(Veth(0, "pair0",
                  {{"ipv4.address", "198.51.100.2/24"},
                   {"ipv4.gateway", "198.51.100.1"},
                   {"ipv6.address", "2001:db8:51::2/64"}}),
             Veth(1, "pair1", {{"veth.mode", "bridge"}, {"ipv4.address", "192.0.2.2/24"}}));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(config));

  EXPECT_THAT(host().Routes(), SucceedsWith(IsEmpty()));
  EXPECT_THAT(host().NeighbourProxies(), SucceedsWith(IsEmpty()));
}

// Afterwards.

TEST_F(NetworkVethRouterTest, NothingStaysAfterAStop) {
  COVERS(spec::network_veth_router::kGoneAfterStop);
  ASSERT_OK(ForwardIpv6());
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kOneOfEach));
  ASSERT_THAT(host().NeighbourProxies(), SucceedsWith(Not(IsEmpty())));

  ASSERT_OK(StopAndWait(*container));

  ExpectNothingOf("pair0");
}

TEST_F(NetworkVethRouterTest, NothingStaysAfterInitWasKilled) {
  COVERS(spec::network_veth_router::kGoneAfterStop);
  ASSERT_OK(ForwardIpv6());
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kOneOfEach));

  ASSERT_OK(KillAndWait(container));

  ExpectNothingOf("pair0");
}

// What fails a start.

TEST_F(NetworkVethRouterTest, WithoutIpv6ForwardingTheStartFailsAndNamesTheSysctl) {
  COVERS(spec::network_veth_router::kNeedsIpv6Forwarding);
  ASSERT_OK(host().WriteSysctl("net/ipv6/conf/all/forwarding", "0"));

  ASSERT_OK_AND_ASSIGN(const std::string errors, ErrorsOfFailingStart(kOneOfEach));

  EXPECT_THAT(errors, ::testing::ContainsRegex("net.ipv6.conf.all.forwarding"));
  EXPECT_THAT(host().ReadSysctl("net/ipv6/conf/all/forwarding"), SucceedsWith("0"));
}

TEST_F(NetworkVethRouterTest, FailedStartLeavesNothingBehind) {
  COVERS(spec::network_veth_router::kFailedStart);
  // All of the first interface has been made when the second one fails.
  ASSERT_OK(ForwardIpv6());
  const ConfigItems config =
      Joined(kOneOfEach, InterfaceItems(1, {{"type", "macvlan"}, {"link", "nowhere0"}}));

  EXPECT_THAT(StartBriefly(config), Fails());

  ExpectNothingOf("pair0");
}

TEST_F(NetworkVethRouterTest, WithoutIpv6OnTheHostTheStartFails) {
  COVERS(spec::network_veth_router::kNoIpv6);
  ASSERT_OK(host().WriteSysctl("net/ipv6/conf/default/disable_ipv6", "1"));

  EXPECT_THAT(StartBriefly(Router(0, "pair0", {{"ipv6.address", "2001:db8:51::2/128"}})), Fails());

  ExpectNothingOf("pair0");
}

}  // namespace
}  // namespace lxcspec
