// SPDX-License-Identifier: Apache-2.0
//
// Whom a container in router mode reaches, and who reaches it.

#include <string>

#include "conformance/harness/network_test.h"

namespace lxcspec {
namespace {

constexpr char kInside4[] = "198.51.100.2";
constexpr char kInside6[] = "2001:db8:51::2";

// The gateways are addresses that nobody has.
const ConfigItems kRouter = InterfaceItems(0, {{"type", "veth"},
                                               {"veth.mode", "router"},
                                               {"veth.pair", "pair0"},
                                               {"flags", "up"},
                                               {"ipv4.address", std::string(kInside4) + "/32"},
                                               {"ipv4.gateway", "169.254.1.1"},
                                               {"ipv6.address", std::string(kInside6) + "/128"},
                                               {"ipv6.gateway", "fe80::1"}});

ConfigItems OnBridge(const std::string& ipv4, const std::string& ipv6) {
  return InterfaceItems(0, {{"type", "veth"},
                            {"veth.mode", "bridge"},
                            {"link", "br0"},
                            {"flags", "up"},
                            {"ipv4.address", ipv4 + "/24"},
                            {"ipv6.address", ipv6 + "/64"}});
}

class NetworkVethRouterTrafficTest : public NetworkTest {
 protected:
  // A wire to a machine beyond the host, and the host's addresses on it.
  Status MakeUplink() {
    RETURN_IF_ERROR(host().WriteSysctl("net/ipv4/ip_forward", "1"));
    RETURN_IF_ERROR(host().WriteSysctl("net/ipv6/conf/all/forwarding", "1"));
    RETURN_IF_ERROR(MakeWire("up0"));
    RETURN_IF_ERROR(host().AddAddress("up0", "192.0.2.1/24"));
    RETURN_IF_ERROR(host().AddAddress("up0", "2001:db8:1::1/64"));
    RETURN_IF_ERROR(third().AddAddress("far0", "192.0.2.9/24"));
    // The kernel proxies for an IPv4 address only where it has a route to it by another device.
    RETURN_IF_ERROR(host().AddRoute("0.0.0.0/0", "192.0.2.9", ""));
    return third().AddAddress("far0", "2001:db8:1::9/64");
  }
};

TEST_F(NetworkVethRouterTrafficTest, ContainerReachesTheHostByIpv4) {
  COVERS(spec::network_veth_router::kReachesHost);
  ASSERT_OK(MakeUplink());
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kRouter));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_OK(Exchange({inside, kInside4}, {host(), "192.0.2.1"}));
}

TEST_F(NetworkVethRouterTrafficTest, ContainerReachesTheHostByIpv6) {
  COVERS(spec::network_veth_router::kReachesHost);
  ASSERT_OK(MakeUplink());
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kRouter));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_OK(Exchange({inside, kInside6}, {host(), "2001:db8:1::1"}));
}

TEST_F(NetworkVethRouterTrafficTest, ContainerReachesAMachineBeyondByIpv4) {
  COVERS(spec::network_veth_router::kReachesBeyond);
  ASSERT_OK(MakeUplink());
  ASSERT_OK(third().AddRoute("198.51.100.0/24", "192.0.2.1", ""));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kRouter));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_OK(Exchange({inside, kInside4}, {third(), "192.0.2.9"}));
}

TEST_F(NetworkVethRouterTrafficTest, ContainerReachesAMachineBeyondByIpv6) {
  COVERS(spec::network_veth_router::kReachesBeyond);
  ASSERT_OK(MakeUplink());
  ASSERT_OK(third().AddRoute("2001:db8:51::/64", "2001:db8:1::1", ""));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kRouter));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_OK(Exchange({inside, kInside6}, {third(), "2001:db8:1::9"}));
}

TEST_F(NetworkVethRouterTrafficTest, InBridgeModeContainersReachWhoIsOnTheBridge) {
  COVERS(spec::network_veth_router::kBridgeModeReaches);
  ASSERT_OK(MakeBridge("br0"));
  ASSERT_OK(host().AddAddress("br0", "192.0.2.1/24"));
  ASSERT_OK(host().AddAddress("br0", "2001:db8:1::1/64"));
  ASSERT_OK(MakeWire("port0", "far1"));
  ASSERT_OK(host().SetBridge("port0", "br0"));
  ASSERT_OK(third().AddAddress("far1", "192.0.2.9/24"));
  ASSERT_OK(third().AddAddress("far1", "2001:db8:1::9/64"));
  ASSERT_OK_AND_ASSIGN(auto one, StartProbed(OnBridge("192.0.2.5", "2001:db8:1::5"), {}, "one"));
  ASSERT_OK_AND_ASSIGN(auto other,
                       StartProbed(OnBridge("192.0.2.6", "2001:db8:1::6"), {}, "other"));
  ASSERT_OK_AND_ASSIGN(const NetNamespace in_one, Inside(one));
  ASSERT_OK_AND_ASSIGN(const NetNamespace in_other, Inside(other));

  EXPECT_OK(Exchange({in_one, "192.0.2.5"}, {host(), "192.0.2.1"}));
  EXPECT_OK(Exchange({in_one, "192.0.2.5"}, {third(), "192.0.2.9"}));
  EXPECT_OK(Exchange({in_one, "192.0.2.5"}, {in_other, "192.0.2.6"}));
  EXPECT_OK(Exchange({in_one, "2001:db8:1::5"}, {host(), "2001:db8:1::1"}));
  EXPECT_OK(Exchange({in_one, "2001:db8:1::5"}, {third(), "2001:db8:1::9"}));
  EXPECT_OK(Exchange({in_one, "2001:db8:1::5"}, {in_other, "2001:db8:1::6"}));
}

TEST_F(NetworkVethRouterTrafficTest, NobodyReachesTheContainerOverTheBridge) {
  COVERS(spec::network_veth_router::kNotOnBridge);
  ASSERT_OK(MakeUplink());
  ASSERT_OK(MakeBridge("br0"));
  ASSERT_OK(MakeWire("port0", "far1"));
  ASSERT_OK(host().SetBridge("port0", "br0"));
  ASSERT_OK(third().AddAddress("far1", "198.51.100.9/24"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Joined(kRouter, {{"lxc.net.0.link", "br0"}})));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  ASSERT_OK_AND_ASSIGN(const Link pair, host().FindLink("pair0"));
  EXPECT_EQ(pair.master, 0);
  EXPECT_OK(ExpectNoWay({third(), "198.51.100.9"}, {inside, kInside4}, {host(), "192.0.2.1"},
                        {inside, kInside4}));
}

}  // namespace
}  // namespace lxcspec
