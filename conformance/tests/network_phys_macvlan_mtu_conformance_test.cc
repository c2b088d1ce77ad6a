// SPDX-License-Identifier: Apache-2.0
//
// MTUs of devices in the container and, of those that are the host's, afterwards.

#include <string>
#include <vector>

#include "conformance/harness/network_test.h"

namespace lxcspec {
namespace {

using ::testing::AllOf;
using ::testing::Field;

constexpr char kKey[] = "lxc.net.4.mtu";
constexpr uint32_t kOldMtu = 1450;

auto HasMtu(uint32_t mtu) { return SucceedsWith(Field("mtu", &Link::mtu, mtu)); }

ConfigItems Phys(int index, const std::string& link, const ConfigItems& more = {}) {
  return InterfaceItems(index, Joined({{"type", "phys"},
                                       {"link", link},
                                       {"name", "eth" + std::to_string(index)},
                                       {"flags", "up"}},
                                      more));
}

ConfigItems Macvlan(int index, const std::string& link, const ConfigItems& more = {}) {
  return InterfaceItems(index, Joined({{"type", "macvlan"},
                                       {"macvlan.mode", "bridge"},
                                       {"link", link},
                                       {"name", "eth" + std::to_string(index)},
                                       {"flags", "up"}},
                                      more));
}

class NetworkPhysMacvlanMtuTest : public NetworkTest {
 protected:
  Status MakeWireWithMtu(const std::string& name, const std::string& far = "far0",
                         uint32_t mtu = kOldMtu) {
    RETURN_IF_ERROR(MakeWire(name, far));
    RETURN_IF_ERROR(host().SetMtu(name, mtu));
    return third().SetMtu(far, mtu);
  }

  ::testing::AssertionResult ComesBack(const std::string& name, uint32_t mtu) const {
    return Eventually([&] { return host().FindLink(name); }, HasMtu(mtu));
  }
};

TEST_F(NetworkPhysMacvlanMtuTest, IsAnnounced) {
  COVERS(spec::network_phys_macvlan_mtu::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("network_phys_macvlan_mtu"));
}

TEST_F(NetworkPhysMacvlanMtuTest, KeyReadsBack) {
  COVERS(spec::network_phys_macvlan_mtu::kKeyReadsBack);
  for (const std::string type : {"phys", "macvlan"}) {
    ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
    ASSERT_OK(container->SetConfigItem("lxc.net.4.type", type));
    EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith(""));

    ASSERT_OK(container->SetConfigItem(kKey, "1400"));
    EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("1400"));
    ASSERT_OK(container->ClearConfigItem(kKey));
    EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith(""));

    ASSERT_OK(container->SetConfigItem(kKey, "1300"));
    ASSERT_OK(container->SetConfigItem(kKey, ""));
    EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith(""));
  }
}

// Inside.

TEST_F(NetworkPhysMacvlanMtuTest, MacvlanHasTheMtuAndItsParentKeepsItsOwn) {
  COVERS(spec::network_phys_macvlan_mtu::kMacvlan);
  ASSERT_OK(MakeWireWithMtu("up0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Macvlan(0, "up0", {{"mtu", "1300"}})));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.FindLink("eth0"),
              SucceedsWith(AllOf(Field("kind", &Link::kind, "macvlan"),
                                 Field("mtu", &Link::mtu, 1300U), Field("up", &Link::up, true))));
  EXPECT_THAT(host().FindLink("up0"), HasMtu(kOldMtu));
}

TEST_F(NetworkPhysMacvlanMtuTest, MacvlanWithoutTheKeyHasItsParentsMtu) {
  COVERS(spec::network_phys_macvlan_mtu::kMacvlanUnset);
  ASSERT_OK(MakeWireWithMtu("up0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Macvlan(0, "up0")));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.FindLink("eth0"), HasMtu(kOldMtu));
}

TEST_F(NetworkPhysMacvlanMtuTest, BorrowedDeviceHasTheMtu) {
  COVERS(spec::network_phys_macvlan_mtu::kPhys);
  ASSERT_OK(MakeWireWithMtu("up0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Phys(0, "up0", {{"mtu", "1300"}})));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.FindLink("eth0"), HasMtu(1300));
  EXPECT_THAT(host().FindLink("up0"), Fails());
}

TEST_F(NetworkPhysMacvlanMtuTest, BorrowedDeviceWithoutTheKeyKeepsItsMtu) {
  COVERS(spec::network_phys_macvlan_mtu::kPhysUnset);
  ASSERT_OK(MakeWireWithMtu("up0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Phys(0, "up0")));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.FindLink("eth0"), HasMtu(kOldMtu));
}

TEST_F(NetworkPhysMacvlanMtuTest, EachInterfaceHasItsOwn) {
  COVERS(spec::network_phys_macvlan_mtu::kEachInterface);
  ASSERT_OK(MakeWireWithMtu("up0", "far0", 1450));
  ASSERT_OK(MakeWireWithMtu("up1", "far1", 1440));
  ASSERT_OK(MakeWireWithMtu("up2", "far2", 1430));
  ConfigItems config = Phys(6, "up1", {{"mtu", "1306"}});
  config = Joined(config, Macvlan(4, "up2", {{"mtu", "1304"}}));
  config = Joined(config, Phys(2, "up0", {{"mtu", "1302"}}));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(config));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.FindLink("eth2"), HasMtu(1302));
  EXPECT_THAT(inside.FindLink("eth4"), HasMtu(1304));
  EXPECT_THAT(inside.FindLink("eth6"), HasMtu(1306));
  ASSERT_OK(StopAndWait(*container));
  EXPECT_TRUE(ComesBack("up0", 1450));
  EXPECT_TRUE(ComesBack("up1", 1440));
  EXPECT_THAT(host().FindLink("up2"), HasMtu(1430));
}

// Afterwards.

TEST_F(NetworkPhysMacvlanMtuTest, BorrowedDeviceComesBackAfterAStop) {
  COVERS(spec::network_phys_macvlan_mtu::kPhysComesBack);
  ASSERT_OK(MakeWireWithMtu("up0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Phys(0, "up0", {{"mtu", "1300"}})));

  ASSERT_OK(StopAndWait(*container));

  EXPECT_TRUE(ComesBack("up0", kOldMtu));
}

TEST_F(NetworkPhysMacvlanMtuTest, BorrowedDeviceComesBackAfterInitWasKilled) {
  COVERS(spec::network_phys_macvlan_mtu::kPhysComesBack);
  ASSERT_OK(MakeWireWithMtu("up0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Phys(0, "up0", {{"mtu", "1300"}})));

  ASSERT_OK(KillAndWait(container));

  EXPECT_TRUE(ComesBack("up0", kOldMtu));
}

struct Configured {
  std::string name;
  ConfigItems mtu;
};

class NetworkPhysMacvlanMtuChangedTest : public NetworkPhysMacvlanMtuTest,
                                         public ::testing::WithParamInterface<Configured> {};

TEST_P(NetworkPhysMacvlanMtuChangedTest, OldMtuComesBackOverTheContainersOwn) {
  COVERS(spec::network_phys_macvlan_mtu::kPhysChangedInside);
  ASSERT_OK(MakeWireWithMtu("up0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Phys(0, "up0", GetParam().mtu)));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));
  ASSERT_OK(inside.SetMtu("eth0", 1111));

  ASSERT_OK(StopAndWait(*container));

  EXPECT_TRUE(ComesBack("up0", kOldMtu));
}

INSTANTIATE_TEST_SUITE_P(All, NetworkPhysMacvlanMtuChangedTest,
                         ::testing::Values(Configured{"KeySet", {{"mtu", "1300"}}},
                                           Configured{"KeyUnset", {}}),
                         [](const auto& each) { return each.param.name; });

TEST_F(NetworkPhysMacvlanMtuTest, RestartedContainerHasTheMtuAgain) {
  COVERS(spec::network_phys_macvlan_mtu::kRestart);
  ASSERT_OK(MakeWireWithMtu("up0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Phys(0, "up0", {{"mtu", "1300"}})));
  ASSERT_OK(StopAndWait(*container));
  ASSERT_TRUE(ComesBack("up0", kOldMtu));

  ASSERT_OK(container->Start({}));
  ASSERT_OK(container.AwaitNextInit());
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.FindLink("eth0"), HasMtu(1300));
  ASSERT_OK(StopAndWait(*container));
  EXPECT_TRUE(ComesBack("up0", kOldMtu));
}

// What fails a start.

TEST_F(NetworkPhysMacvlanMtuTest, WhatIsNoNumberIsRefusedOrFailsTheStart) {
  COVERS(spec::network_phys_macvlan_mtu::kNoNumber);
  ASSERT_OK(MakeWireWithMtu("up0"));
  for (const std::string value : {"large", "1300x", "-1300", "1300 1400"}) {
    ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}, Phys(0, "up0")));
    if (container->SetConfigItem("lxc.net.0.mtu", value)) {
      EXPECT_THAT(StartBriefly(*container), Fails()) << value;
    }
    ASSERT_TRUE(ComesBack("up0", kOldMtu)) << value;
  }
}

TEST_F(NetworkPhysMacvlanMtuTest, LargerMtuThanItsParentsFailsTheStart) {
  COVERS(spec::network_phys_macvlan_mtu::kAboveParent);
  ASSERT_OK(MakeWireWithMtu("up0"));

  EXPECT_THAT(StartBriefly(Macvlan(0, "up0", {{"mtu", "1451"}})), Fails());

  EXPECT_THAT(host().FindLink("up0"), HasMtu(kOldMtu));
}

TEST_F(NetworkPhysMacvlanMtuTest, MtuThatTheKernelRefusesFailsTheStart) {
  COVERS(spec::network_phys_macvlan_mtu::kNotTaken);
  ASSERT_OK(MakeWireWithMtu("up0"));

  EXPECT_THAT(StartBriefly(Phys(0, "up0", {{"mtu", "10"}})), Fails());

  EXPECT_TRUE(ComesBack("up0", kOldMtu));
}

TEST_F(NetworkPhysMacvlanMtuTest, FailedStartGivesTheDeviceBack) {
  COVERS(spec::network_phys_macvlan_mtu::kFailedStart);
  ASSERT_OK(MakeWireWithMtu("up0"));
  const ConfigItems config =
      Joined(Phys(0, "up0", {{"mtu", "1300"}}),
             InterfaceItems(1, {{"type", "phys"}, {"link", "nowhere0"}, {"mtu", "1300"}}));

  EXPECT_THAT(StartBriefly(config), Fails());

  EXPECT_TRUE(ComesBack("up0", kOldMtu));
}

TEST_F(NetworkPhysMacvlanMtuTest, FailureOfTheInitGivesTheDeviceBack) {
  COVERS(spec::network_phys_macvlan_mtu::kFailedStart);
  ASSERT_OK(MakeWireWithMtu("up0"));
  const ConfigItems config =
      Joined(Phys(0, "up0", {{"mtu", "1300"}}), {{"lxc.init.cmd", "/nothing/here"}});
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}, config));

  static_cast<void>(container->Start({}));

  EXPECT_TRUE(ComesBack("up0", kOldMtu));
}

TEST_F(NetworkPhysMacvlanMtuTest, WithoutTheDeviceTheStartFails) {
  COVERS(spec::network_phys_macvlan_mtu::kNoSuchLink);
  for (const std::string link : {"", "nowhere0"}) {
    for (const ConfigItems& config :
         {Phys(0, link, {{"mtu", "1300"}}), Macvlan(0, link, {{"mtu", "1300"}})}) {
      EXPECT_THAT(StartBriefly(config), Fails()) << link;
    }
  }
}

}  // namespace
}  // namespace lxcspec
