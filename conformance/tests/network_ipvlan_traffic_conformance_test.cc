// SPDX-License-Identifier: Apache-2.0
//
// Whom a container on an ipvlan device reaches, in each mode and with each isolation.

#include <string>

#include "conformance/harness/network_test.h"

namespace lxcspec {
namespace {

// In a network of their own, so that what is on the link needs a route to them.
constexpr char kOne4[] = "198.51.100.2";
constexpr char kOne6[] = "2001:db8:51::2";
constexpr char kOther4[] = "198.51.100.3";
constexpr char kOther6[] = "2001:db8:51::3";
// On the link.
constexpr char kHost4[] = "198.51.100.1";
constexpr char kHost6[] = "2001:db8:51::1";
constexpr char kFar4[] = "198.51.100.9";
constexpr char kFar6[] = "2001:db8:51::9";

ConfigItems Ipvlan(const std::string& mode, const std::string& isolation, const std::string& ipv4,
                   const std::string& ipv6) {
  return InterfaceItems(0, {{"type", "ipvlan"},
                            {"link", "up0"},
                            {"name", "eth0"},
                            {"flags", "up"},
                            {"ipvlan.mode", mode},
                            {"ipvlan.isolation", isolation},
                            {"ipv4.address", ipv4 + "/24"},
                            {"ipv6.address", ipv6 + "/64"}});
}

class NetworkIpvlanTrafficTest : public NetworkTest,
                                 public ::testing::WithParamInterface<std::string> {
 protected:
  // A wire whose far end takes the container's addresses to be behind the host's, as nobody answers
  // for them on the link in the modes l3 and l3s.
  Status MakeLink() {
    RETURN_IF_ERROR(MakeWire("up0"));
    RETURN_IF_ERROR(host().AddAddress("up0", std::string(kHost4) + "/24"));
    RETURN_IF_ERROR(host().AddAddress("up0", std::string(kHost6) + "/64"));
    RETURN_IF_ERROR(third().AddAddress("far0", std::string(kFar4) + "/24"));
    RETURN_IF_ERROR(third().AddAddress("far0", std::string(kFar6) + "/64"));
    for (const std::string address : {kOne4, kOther4}) {
      RETURN_IF_ERROR(third().AddRoute(address + "/32", kHost4, ""));
    }
    for (const std::string address : {kOne6, kOther6}) {
      RETURN_IF_ERROR(third().AddRoute(address + "/128", kHost6, ""));
    }
    return {};
  }

  // Two containers of this isolation do not reach each other, though each reaches the link.
  void ExpectIsolated(const std::string& isolation) {
    ASSERT_OK_AND_ASSIGN(auto one,
                         StartProbed(Ipvlan(GetParam(), isolation, kOne4, kOne6), {}, "one"));
    ASSERT_OK_AND_ASSIGN(auto other,
                         StartProbed(Ipvlan(GetParam(), isolation, kOther4, kOther6), {}, "other"));
    ASSERT_OK_AND_ASSIGN(const NetNamespace in_one, Inside(one));
    ASSERT_OK_AND_ASSIGN(const NetNamespace in_other, Inside(other));

    EXPECT_OK(
        ExpectNoWay({in_one, kOne4}, {in_other, kOther4}, {in_other, kOther4}, {third(), kFar4}));
    EXPECT_OK(
        ExpectNoWay({in_one, kOne6}, {in_other, kOther6}, {in_other, kOther6}, {third(), kFar6}));
  }
};

TEST_P(NetworkIpvlanTrafficTest, ContainerReachesAMachineOnTheLinkByIpv4) {
  COVERS(spec::network_ipvlan::kReachesLink);
  ASSERT_OK(MakeLink());
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Ipvlan(GetParam(), "bridge", kOne4, kOne6)));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_OK(Exchange({inside, kOne4}, {third(), kFar4}));
}

TEST_P(NetworkIpvlanTrafficTest, ContainerReachesAMachineOnTheLinkByIpv6) {
  COVERS(spec::network_ipvlan::kReachesLink);
  ASSERT_OK(MakeLink());
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Ipvlan(GetParam(), "bridge", kOne4, kOne6)));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_OK(Exchange({inside, kOne6}, {third(), kFar6}));
}

TEST_P(NetworkIpvlanTrafficTest, BridgedContainersReachEachOther) {
  COVERS(spec::network_ipvlan::kBridgeReachesSibling);
  ASSERT_OK(MakeLink());
  ASSERT_OK_AND_ASSIGN(auto one,
                       StartProbed(Ipvlan(GetParam(), "bridge", kOne4, kOne6), {}, "one"));
  ASSERT_OK_AND_ASSIGN(auto other,
                       StartProbed(Ipvlan(GetParam(), "bridge", kOther4, kOther6), {}, "other"));
  ASSERT_OK_AND_ASSIGN(const NetNamespace in_one, Inside(one));
  ASSERT_OK_AND_ASSIGN(const NetNamespace in_other, Inside(other));

  EXPECT_OK(Exchange({in_one, kOne4}, {in_other, kOther4}));
  EXPECT_OK(Exchange({in_one, kOne6}, {in_other, kOther6}));
}

TEST_P(NetworkIpvlanTrafficTest, PrivateContainersDoNotReachEachOther) {
  COVERS(spec::network_ipvlan::kIsolatedFromSibling);
  ASSERT_OK(MakeLink());
  ExpectIsolated("private");
}

TEST_P(NetworkIpvlanTrafficTest, ContainersBehindVepaDoNotReachEachOther) {
  COVERS(spec::network_ipvlan::kIsolatedFromSibling);
  ASSERT_OK(MakeLink());
  ExpectIsolated("vepa");
}

INSTANTIATE_TEST_SUITE_P(All, NetworkIpvlanTrafficTest, ::testing::Values("l2", "l3", "l3s"),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace lxcspec
