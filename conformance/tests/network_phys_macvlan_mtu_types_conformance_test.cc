// SPDX-License-Identifier: Apache-2.0
//
// The MTU of other types, what else a borrowed device gets back, and that with the key set the type
// and its mode decide who is reached.

#include <string>

#include "conformance/harness/network_test.h"

namespace lxcspec {
namespace {

using ::testing::Field;

constexpr uint32_t kMtu = 1300;
constexpr char kFar4[] = "192.0.2.1";
constexpr char kFar6[] = "2001:db8:1::1";

// The addresses of one container of several.
struct Own {
  std::string ipv4;
  std::string ipv6;
};
const Own kOne{"192.0.2.5", "2001:db8:1::5"};
const Own kOther{"192.0.2.6", "2001:db8:1::6"};

auto HasMtu(uint32_t mtu) { return SucceedsWith(Field("mtu", &Link::mtu, mtu)); }

ConfigItems Interface(const ConfigItems& items) {
  return InterfaceItems(
      0, Joined(items, {{"name", "eth0"}, {"flags", "up"}, {"mtu", std::to_string(kMtu)}}));
}

ConfigItems Addressed(const ConfigItems& items, const Own& own) {
  return Interface(
      Joined(items, {{"ipv4.address", own.ipv4 + "/24"}, {"ipv6.address", own.ipv6 + "/64"}}));
}

ConfigItems Vlan(const std::string& id) {
  return {{"type", "vlan"}, {"link", "up0"}, {"vlan.id", id}};
}

ConfigItems Macvlan(const std::string& mode) {
  return {{"type", "macvlan"}, {"link", "up0"}, {"macvlan.mode", mode}};
}

class NetworkPhysMacvlanMtuTypesTest : public NetworkTest {
 protected:
  // A wire to a machine whose addresses are on this device.
  Status MakeLink(const std::string& device = "far0") {
    RETURN_IF_ERROR(MakeWire("up0"));
    if (device != "far0") {
      RETURN_IF_ERROR(third().AddVlan(device, "far0", 7));
      RETURN_IF_ERROR(third().SetUp(device));
    }
    RETURN_IF_ERROR(third().AddAddress(device, std::string(kFar4) + "/24"));
    return third().AddAddress(device, std::string(kFar6) + "/64");
  }
};

TEST_F(NetworkPhysMacvlanMtuTypesTest, BothEndsOfAVethHaveTheMtu) {
  COVERS(spec::network_phys_macvlan_mtu::kVeth);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartProbed(Interface({{"type", "veth"}, {"veth.pair", "pair0"}})));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.FindLink("eth0"), HasMtu(kMtu));
  EXPECT_THAT(host().FindLink("pair0"), HasMtu(kMtu));
}

TEST_F(NetworkPhysMacvlanMtuTypesTest, BothEndsOfAVethHaveTheMtuOfTheirBridge) {
  COVERS(spec::network_phys_macvlan_mtu::kVethUnset);
  ASSERT_OK(MakeBridge("br0"));
  ASSERT_OK(host().SetMtu("br0", 1400));
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartProbed(InterfaceItems(
          0, {{"type", "veth"}, {"link", "br0"}, {"veth.pair", "pair0"}, {"name", "eth0"}})));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.FindLink("eth0"), HasMtu(1400));
  EXPECT_THAT(host().FindLink("pair0"), HasMtu(1400));
}

TEST_F(NetworkPhysMacvlanMtuTypesTest, IpvlanHasTheMtu) {
  COVERS(spec::network_phys_macvlan_mtu::kIpvlan);
  ASSERT_OK(MakeWire("up0"));
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartProbed(Interface({{"type", "ipvlan"}, {"link", "up0"}})));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.FindLink("eth0"), HasMtu(kMtu));
}

TEST_F(NetworkPhysMacvlanMtuTypesTest, VlanHasTheMtu) {
  COVERS(spec::network_phys_macvlan_mtu::kVlan);
  ASSERT_OK(MakeWire("up0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Interface(Vlan("7"))));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.FindLink("eth0"), HasMtu(kMtu));
}

TEST_F(NetworkPhysMacvlanMtuTypesTest, BorrowedDeviceHasItsOldHardwareAddressAgain) {
  COVERS(spec::network_phys_macvlan_mtu::kPhysHwaddrComesBack);
  constexpr char kGiven[] = "02:00:5e:00:00:77";
  ASSERT_OK(MakeWire("up0"));
  ASSERT_OK_AND_ASSIGN(const Link before, host().FindLink("up0"));
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartProbed(Interface({{"type", "phys"}, {"link", "up0"}, {"hwaddr", kGiven}})));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));
  ASSERT_THAT(inside.FindLink("eth0"),
              SucceedsWith(Field("hardware_address", &Link::hardware_address, kGiven)));

  ASSERT_OK(StopAndWait(*container));

  EXPECT_TRUE(Eventually(
      [&] { return host().FindLink("up0"); },
      SucceedsWith(Field("hardware_address", &Link::hardware_address, before.hardware_address))));
}

// Who is reached.

TEST_F(NetworkPhysMacvlanMtuTypesTest, BridgedMacvlansReachEachOther) {
  COVERS(spec::network_phys_macvlan_mtu::kMacvlanModes);
  ASSERT_OK(MakeLink());
  ASSERT_OK_AND_ASSIGN(auto one, StartProbed(Addressed(Macvlan("bridge"), kOne), {}, "one"));
  ASSERT_OK_AND_ASSIGN(auto other, StartProbed(Addressed(Macvlan("bridge"), kOther), {}, "other"));
  ASSERT_OK_AND_ASSIGN(const NetNamespace in_one, Inside(one));
  ASSERT_OK_AND_ASSIGN(const NetNamespace in_other, Inside(other));

  EXPECT_OK(Exchange({in_one, kOne.ipv4}, {in_other, kOther.ipv4}));
  EXPECT_OK(Exchange({in_one, kOne.ipv6}, {in_other, kOther.ipv6}));
}

class NetworkPhysMacvlanMtuIsolatedTest : public NetworkPhysMacvlanMtuTypesTest,
                                          public ::testing::WithParamInterface<std::string> {};

TEST_P(NetworkPhysMacvlanMtuIsolatedTest, MacvlansDoNotReachEachOther) {
  COVERS(spec::network_phys_macvlan_mtu::kMacvlanModes);
  ASSERT_OK(MakeLink());
  ASSERT_OK_AND_ASSIGN(auto one, StartProbed(Addressed(Macvlan(GetParam()), kOne), {}, "one"));
  ASSERT_OK_AND_ASSIGN(auto other,
                       StartProbed(Addressed(Macvlan(GetParam()), kOther), {}, "other"));
  ASSERT_OK_AND_ASSIGN(const NetNamespace in_one, Inside(one));
  ASSERT_OK_AND_ASSIGN(const NetNamespace in_other, Inside(other));

  EXPECT_OK(ExpectNoWay({in_one, kOne.ipv4}, {in_other, kOther.ipv4}, {in_other, kOther.ipv4},
                        {third(), kFar4}));
  EXPECT_OK(ExpectNoWay({in_one, kOne.ipv6}, {in_other, kOther.ipv6}, {in_other, kOther.ipv6},
                        {third(), kFar6}));
}

INSTANTIATE_TEST_SUITE_P(All, NetworkPhysMacvlanMtuIsolatedTest,
                         ::testing::Values("private", "vepa"),
                         [](const auto& each) { return each.param; });

TEST_F(NetworkPhysMacvlanMtuTypesTest, VlanReachesWhoIsInItAndNobodyElse) {
  COVERS(spec::network_phys_macvlan_mtu::kVlanCarriesTraffic);
  ASSERT_OK(MakeLink("far0.7"));
  ASSERT_OK_AND_ASSIGN(auto one, StartProbed(Addressed(Vlan("7"), kOne), {}, "one"));
  ASSERT_OK_AND_ASSIGN(auto other, StartProbed(Addressed(Vlan("8"), kOther), {}, "other"));
  ASSERT_OK_AND_ASSIGN(const NetNamespace in_one, Inside(one));
  ASSERT_OK_AND_ASSIGN(const NetNamespace in_other, Inside(other));

  EXPECT_OK(ExpectNoWay({third(), kFar4}, {in_other, kOther.ipv4}, {in_one, kOne.ipv4},
                        {third(), kFar4}));
  EXPECT_OK(ExpectNoWay({third(), kFar6}, {in_other, kOther.ipv6}, {in_one, kOne.ipv6},
                        {third(), kFar6}));
}

}  // namespace
}  // namespace lxcspec
