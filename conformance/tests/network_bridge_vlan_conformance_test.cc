// SPDX-License-Identifier: Apache-2.0
//
// The keys, and the VLANs of the port that the host has for the container.

#include <string>
#include <vector>

#include "conformance/harness/network_test.h"

namespace lxcspec {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kId[] = "lxc.net.4.veth.vlan.id";
constexpr char kTagged[] = "lxc.net.4.veth.vlan.tagged.id";

ConfigItems Veth(int index, const ConfigItems& more = {}) {
  return InterfaceItems(index, Joined({{"type", "veth"},
                                       {"link", "br0"},
                                       {"veth.pair", "pair" + std::to_string(index)},
                                       {"flags", "up"}},
                                      more));
}

BridgeVlan Untagged(uint16_t id) { return {.id = id, .pvid = true, .untagged = true}; }
BridgeVlan Tagged(uint16_t id) { return {.id = id}; }

class NetworkBridgeVlanTest : public NetworkTest {
 protected:
  Result<std::unique_ptr<Container>> WithInterface(const std::string& type = "veth") {
    ASSIGN_OR_RETURN(auto container, NewContainer());
    RETURN_IF_ERROR(container->SetConfigItem("lxc.net.4.type", type));
    return container;
  }

  // A port of br0 that is an untagged member of that VLAN only; its far end is in the third
  // namespace, up, with this address.
  Status MakePort(const std::string& name, const std::string& far, uint16_t vlan,
                  const std::string& address) {
    RETURN_IF_ERROR(MakeWire(name, far));
    RETURN_IF_ERROR(host().SetBridge(name, "br0"));
    RETURN_IF_ERROR(host().DeleteBridgeVlan(name, 1));
    RETURN_IF_ERROR(host().AddBridgeVlan(name, Untagged(vlan)));
    return third().AddAddress(far, address);
  }
};

TEST_F(NetworkBridgeVlanTest, IsAnnounced) {
  COVERS(spec::network_bridge_vlan::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("network_bridge_vlan"));
}

// The keys.

TEST_F(NetworkBridgeVlanTest, IdReadsBack) {
  COVERS(spec::network_bridge_vlan::kIdReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());
  for (const std::string id : {"1", "100", "4094"}) {
    ASSERT_OK(container->SetConfigItem(kId, id));
    EXPECT_THAT(container->GetConfigItem(kId), SucceedsWith(id));
  }
}

TEST_F(NetworkBridgeVlanTest, NoneReadsBack) {
  COVERS(spec::network_bridge_vlan::kIdNoneReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());
  ASSERT_OK(container->SetConfigItem(kId, "none"));

  EXPECT_THAT(container->GetConfigItem(kId), SucceedsWith("none"));
}

TEST_F(NetworkBridgeVlanTest, UnsetIdReadsAsEmpty) {
  COVERS(spec::network_bridge_vlan::kIdCleared);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());

  EXPECT_THAT(container->GetConfigItem(kId), SucceedsWith(""));
}

TEST_F(NetworkBridgeVlanTest, ClearedIdReadsAsEmpty) {
  COVERS(spec::network_bridge_vlan::kIdCleared);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());
  ASSERT_OK(container->SetConfigItem(kId, "100"));
  ASSERT_OK(container->ClearConfigItem(kId));
  EXPECT_THAT(container->GetConfigItem(kId), SucceedsWith(""));

  ASSERT_OK(container->SetConfigItem(kId, "100"));
  ASSERT_OK(container->SetConfigItem(kId, ""));
  EXPECT_THAT(container->GetConfigItem(kId), SucceedsWith(""));
}

TEST_F(NetworkBridgeVlanTest, TaggedIdsReadBackInOrder) {
  COVERS(spec::network_bridge_vlan::kTaggedReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());
  EXPECT_THAT(container->GetConfigItem(kTagged), SucceedsWith(""));

  for (const std::string id : {"300", "7", "4094"}) {
    ASSERT_OK(container->SetConfigItem(kTagged, id));
  }
  EXPECT_THAT(container->GetConfigItem(kTagged), SucceedsWith("300\n7\n4094"));
  ASSERT_OK(container->ClearConfigItem(kTagged));
  EXPECT_THAT(container->GetConfigItem(kTagged), SucceedsWith(""));

  ASSERT_OK(container->SetConfigItem(kTagged, "7"));
  ASSERT_OK(container->SetConfigItem(kTagged, ""));
  EXPECT_THAT(container->GetConfigItem(kTagged), SucceedsWith(""));
}

TEST_F(NetworkBridgeVlanTest, OtherValuesAreRefused) {
  COVERS(spec::network_bridge_vlan::kValuesRefused);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());
  ASSERT_OK(container->SetConfigItem(kId, "100"));
  ASSERT_OK(container->SetConfigItem(kTagged, "200"));

  for (const std::string value : {"4095", "65637", "-5", "abc", "12x", "None", "1 2"}) {
    EXPECT_THAT(container->SetConfigItem(kId, value), Fails()) << value;
    EXPECT_THAT(container->SetConfigItem(kTagged, value), Fails()) << value;
  }
  EXPECT_THAT(container->SetConfigItem(kTagged, "none"), Fails());

  EXPECT_THAT(container->GetConfigItem(kId), SucceedsWith("100"));
  EXPECT_THAT(container->GetConfigItem(kTagged), SucceedsWith("200"));
}

TEST_F(NetworkBridgeVlanTest, KeysAreRefusedForOtherTypes) {
  COVERS(spec::network_bridge_vlan::kOtherTypes);
  for (const std::string type : {"empty", "macvlan", "phys"}) {
    ASSERT_OK_AND_ASSIGN(auto container, WithInterface(type));
    EXPECT_THAT(container->SetConfigItem(kId, "100"), Fails()) << type;
    EXPECT_THAT(container->SetConfigItem(kTagged, "100"), Fails()) << type;
  }
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  EXPECT_THAT(container->SetConfigItem(kId, "100"), Fails());
  EXPECT_THAT(container->SetConfigItem(kTagged, "100"), Fails());
}

// The port.

TEST_F(NetworkBridgeVlanTest, PortIsInTheUntaggedVlanOnly) {
  COVERS(spec::network_bridge_vlan::kUntagged);
  ASSERT_OK(MakeFilteringBridge("br0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Veth(0, {{"veth.vlan.id", "100"}})));

  EXPECT_THAT(host().BridgeVlans("pair0"), SucceedsWith(ElementsAre(Untagged(100))));
}

struct DefaultVlan {
  std::string name;
  uint16_t of_bridge;
};

class NetworkBridgeVlanDefaultTest : public NetworkBridgeVlanTest,
                                     public ::testing::WithParamInterface<DefaultVlan> {};

TEST_P(NetworkBridgeVlanDefaultTest, PortIsInTheUntaggedVlanOnly) {
  COVERS(spec::network_bridge_vlan::kUntaggedDefault);
  ASSERT_OK(MakeFilteringBridge("br0", GetParam().of_bridge));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Veth(0, {{"veth.vlan.id", "7"}})));

  EXPECT_THAT(host().BridgeVlans("pair0"), SucceedsWith(ElementsAre(Untagged(7))));
}

INSTANTIATE_TEST_SUITE_P(All, NetworkBridgeVlanDefaultTest,
                         ::testing::Values(DefaultVlan{"TheSame", 7}, DefaultVlan{"Another", 9},
                                           DefaultVlan{"None", 0}),
                         [](const auto& each) { return each.param.name; });

TEST_F(NetworkBridgeVlanTest, PortWithNoneIsInNoVlan) {
  COVERS(spec::network_bridge_vlan::kNone);
  ASSERT_OK(MakeFilteringBridge("br0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Veth(0, {{"veth.vlan.id", "none"}})));

  EXPECT_THAT(host().BridgeVlans("pair0"), SucceedsWith(IsEmpty()));
  ASSERT_OK_AND_ASSIGN(const Link bridge, host().FindLink("br0"));
  ASSERT_OK_AND_ASSIGN(const Link port, host().FindLink("pair0"));
  EXPECT_EQ(port.master, bridge.index);
}

TEST_F(NetworkBridgeVlanTest, PortWithNoneIsInTheTaggedVlans) {
  COVERS(spec::network_bridge_vlan::kNone);
  ASSERT_OK(MakeFilteringBridge("br0"));
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartProbed(Veth(0, {{"veth.vlan.id", "none"}, {"veth.vlan.tagged.id", "200"}})));

  EXPECT_THAT(host().BridgeVlans("pair0"), SucceedsWith(ElementsAre(Tagged(200))));
}

TEST_F(NetworkBridgeVlanTest, PortIsInTheTaggedVlansBesideTheDefaultOne) {
  COVERS(spec::network_bridge_vlan::kTagged);
  ASSERT_OK(MakeFilteringBridge("br0"));
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartProbed(Veth(0, {{"veth.vlan.tagged.id", "300"}, {"veth.vlan.tagged.id", "200"}})));

  EXPECT_THAT(host().BridgeVlans("pair0"),
              SucceedsWith(ElementsAre(Untagged(1), Tagged(200), Tagged(300))));
}

TEST_F(NetworkBridgeVlanTest, PortIsInTheTaggedVlansBesideTheUntaggedOne) {
  COVERS(spec::network_bridge_vlan::kTagged);
  ASSERT_OK(MakeFilteringBridge("br0"));
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartProbed(Veth(0, {{"veth.vlan.tagged.id", "4094"}, {"veth.vlan.id", "100"}})));

  EXPECT_THAT(host().BridgeVlans("pair0"), SucceedsWith(ElementsAre(Untagged(100), Tagged(4094))));
}

TEST_F(NetworkBridgeVlanTest, WithoutTheKeysThePortIsInTheDefaultVlan) {
  COVERS(spec::network_bridge_vlan::kUnset);
  ASSERT_OK(MakeFilteringBridge("br0", 9));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Veth(0)));

  EXPECT_THAT(host().BridgeVlans("pair0"), SucceedsWith(ElementsAre(Untagged(9))));
}

TEST_F(NetworkBridgeVlanTest, EachPortIsInItsOwnVlans) {
  COVERS(spec::network_bridge_vlan::kEachInterface);
  ASSERT_OK(MakeFilteringBridge("br0"));
  ConfigItems config = Veth(9, {{"veth.vlan.id", "109"}});
  config = Joined(config, Veth(3, {{"veth.vlan.id", "103"}, {"veth.vlan.tagged.id", "203"}}));
  config = Joined(config, Veth(5));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(config));

  EXPECT_THAT(host().BridgeVlans("pair9"), SucceedsWith(ElementsAre(Untagged(109))));
  EXPECT_THAT(host().BridgeVlans("pair3"), SucceedsWith(ElementsAre(Untagged(103), Tagged(203))));
  EXPECT_THAT(host().BridgeVlans("pair5"), SucceedsWith(ElementsAre(Untagged(1))));
}

// Traffic.

struct Addresses {
  std::string name;
  std::string key;
  std::string inside;
  std::string same;
  std::string another;
  std::string prefix;
};

class NetworkBridgeVlanTrafficTest : public NetworkBridgeVlanTest,
                                     public ::testing::WithParamInterface<Addresses> {};

TEST_P(NetworkBridgeVlanTrafficTest, ContainerSeesItsVlanOnly) {
  COVERS(spec::network_bridge_vlan::kSeparates);
  const Addresses& use = GetParam();
  ASSERT_OK(MakeFilteringBridge("br0"));
  ASSERT_OK(MakePort("port0", "far0", 100, use.same + use.prefix));
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartProbed(Veth(0, {{"veth.vlan.id", "100"}, {use.key, use.inside + use.prefix}})));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));
  // Another machine, in another VLAN.
  ASSERT_OK_AND_ASSIGN(const NetNamespace fourth, NetNamespace::MakeNew());
  ASSERT_OK(host().AddVeth("port1", "far1", fourth));
  ASSERT_OK(host().SetUp("port1"));
  ASSERT_OK(fourth.SetUp("far1"));
  ASSERT_OK(host().SetBridge("port1", "br0"));
  ASSERT_OK(host().DeleteBridgeVlan("port1", 1));
  ASSERT_OK(host().AddBridgeVlan("port1", Untagged(200)));
  ASSERT_OK(fourth.AddAddress("far1", use.another + use.prefix));

  EXPECT_OK(Exchange({inside, use.inside}, {third(), use.same}));
  EXPECT_OK(ExpectNoWay({fourth, use.another}, {inside, use.inside}, {third(), use.same},
                        {inside, use.inside}));
  ASSERT_OK(host().DeleteLink("port1"));
}

INSTANTIATE_TEST_SUITE_P(All, NetworkBridgeVlanTrafficTest,
                         ::testing::Values(Addresses{"Ipv4", "ipv4.address", "192.0.2.50",
                                                     "192.0.2.9", "192.0.2.8", "/24"},
                                           Addresses{"Ipv6", "ipv6.address", "2001:db8:1::50",
                                                     "2001:db8:1::9", "2001:db8:1::8", "/64"}),
                         [](const auto& each) { return each.param.name; });

// Afterwards, and failures.

TEST_F(NetworkBridgeVlanTest, OtherPortsAreAsBeforeAfterAStop) {
  COVERS(spec::network_bridge_vlan::kGoneAfterStop);
  ASSERT_OK(MakeFilteringBridge("br0"));
  ASSERT_OK(MakePort("port0", "far0", 100, "192.0.2.9/24"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Veth(0, {{"veth.vlan.id", "100"}})));

  ASSERT_OK(StopAndWait(*container));

  EXPECT_TRUE(Eventually([&] { return HostDevices(); }, SucceedsWith(Not(Contains("pair0")))));
  EXPECT_THAT(host().BridgeVlans("port0"), SucceedsWith(ElementsAre(Untagged(100))));
}

TEST_F(NetworkBridgeVlanTest, OtherPortsAreAsBeforeAfterInitWasKilled) {
  COVERS(spec::network_bridge_vlan::kGoneAfterStop);
  ASSERT_OK(MakeFilteringBridge("br0"));
  ASSERT_OK(MakePort("port0", "far0", 100, "192.0.2.9/24"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Veth(0, {{"veth.vlan.id", "100"}})));

  ASSERT_OK(KillAndWait(container));

  EXPECT_TRUE(Eventually([&] { return HostDevices(); }, SucceedsWith(Not(Contains("pair0")))));
  EXPECT_THAT(host().BridgeVlans("port0"), SucceedsWith(ElementsAre(Untagged(100))));
}

TEST_F(NetworkBridgeVlanTest, SameVlanUntaggedAndTaggedFailsTheStart) {
  COVERS(spec::network_bridge_vlan::kSameIdTwice);
  ASSERT_OK(MakeFilteringBridge("br0"));

  EXPECT_THAT(StartBriefly(Veth(0, {{"veth.vlan.id", "100"}, {"veth.vlan.tagged.id", "100"}})),
              Fails());
}

TEST_F(NetworkBridgeVlanTest, BridgeThatDoesNotFilterFailsTheStart) {
  COVERS(spec::network_bridge_vlan::kNotFiltering);
  ASSERT_OK(MakeBridge("br0"));

  EXPECT_THAT(StartBriefly(Veth(0, {{"veth.vlan.id", "100"}})), Fails());
  EXPECT_THAT(StartBriefly(Veth(0, {{"veth.vlan.id", "none"}})), Fails());
  EXPECT_THAT(StartBriefly(Veth(0, {{"veth.vlan.tagged.id", "100"}})), Fails());
}

TEST_F(NetworkBridgeVlanTest, FailedStartLeavesNothingBehind) {
  COVERS(spec::network_bridge_vlan::kFailedStart);
  ASSERT_OK(MakeBridge("br0"));
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> devices, HostDevices());

  EXPECT_THAT(StartBriefly(Joined(Veth(0), Veth(1, {{"veth.vlan.id", "100"}}))), Fails());

  EXPECT_TRUE(Eventually([&] { return HostDevices(); }, SucceedsWith(devices)));
}

}  // namespace
}  // namespace lxcspec
