// SPDX-License-Identifier: Apache-2.0
//
// The keys, and the device that the container gets.

#include <linux/if_link.h>
#include <sys/types.h>

#include <csignal>
#include <string>
#include <vector>

#include "conformance/harness/network_test.h"

namespace lxcspec {
namespace {

using ::testing::AllOf;
using ::testing::Field;
using ::testing::Optional;

constexpr char kMode[] = "lxc.net.4.ipvlan.mode";
constexpr char kIsolation[] = "lxc.net.4.ipvlan.isolation";

ConfigItems Ipvlan(int index, const std::string& link, const ConfigItems& more = {}) {
  return InterfaceItems(index, Joined({{"type", "ipvlan"},
                                       {"link", link},
                                       {"name", "eth" + std::to_string(index)},
                                       {"flags", "up"}},
                                      more));
}

auto IsIpvlan(uint16_t mode, uint16_t flags) {
  return AllOf(Field("kind", &Link::kind, "ipvlan"),
               Field("ipvlan_mode", &Link::ipvlan_mode, Optional(mode)),
               Field("ipvlan_flags", &Link::ipvlan_flags, Optional(flags)));
}

class NetworkIpvlanTest : public NetworkTest {
 protected:
  Result<std::unique_ptr<Container>> WithInterface(const std::string& type = "ipvlan") {
    ASSIGN_OR_RETURN(auto container, NewContainer());
    RETURN_IF_ERROR(container->SetConfigItem("lxc.net.4.type", type));
    return container;
  }

  // The kernel puts no macvlan device above one that has ipvlan devices.
  Status TakesMacvlan(const std::string& name) const {
    RETURN_IF_ERROR(host().AddMacvlan("above0", name, MACVLAN_MODE_BRIDGE));
    return host().DeleteLink("above0");
  }
};

TEST_F(NetworkIpvlanTest, IsAnnounced) {
  COVERS(spec::network_ipvlan::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("network_ipvlan"));
}

// The keys.

TEST_F(NetworkIpvlanTest, TypeReadsBack) {
  COVERS(spec::network_ipvlan::kTypeReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());

  EXPECT_THAT(container->GetConfigItem("lxc.net.4.type"), SucceedsWith("ipvlan"));
}

TEST_F(NetworkIpvlanTest, ModeReadsBack) {
  COVERS(spec::network_ipvlan::kModeReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());
  for (const std::string mode : {"l2", "l3", "l3s", "l3"}) {
    ASSERT_OK(container->SetConfigItem(kMode, mode));
    EXPECT_THAT(container->GetConfigItem(kMode), SucceedsWith(mode));
  }
}

TEST_F(NetworkIpvlanTest, ModeDefaultsToL3) {
  COVERS(spec::network_ipvlan::kDefaultMode);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());

  EXPECT_THAT(container->GetConfigItem(kMode), SucceedsWith("l3"));
}

TEST_F(NetworkIpvlanTest, ClearedModeIsL3) {
  COVERS(spec::network_ipvlan::kModeCleared);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());
  ASSERT_OK(container->SetConfigItem(kMode, "l3s"));
  ASSERT_OK(container->ClearConfigItem(kMode));
  EXPECT_THAT(container->GetConfigItem(kMode), SucceedsWith("l3"));

  ASSERT_OK(container->SetConfigItem(kMode, "l3s"));
  ASSERT_OK(container->SetConfigItem(kMode, ""));
  EXPECT_THAT(container->GetConfigItem(kMode), SucceedsWith("l3"));
}

TEST_F(NetworkIpvlanTest, IsolationReadsBackAndDefaultsToBridge) {
  COVERS(spec::network_ipvlan::kIsolationReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());
  EXPECT_THAT(container->GetConfigItem(kIsolation), SucceedsWith("bridge"));

  for (const std::string isolation : {"private", "vepa", "bridge"}) {
    ASSERT_OK(container->SetConfigItem(kIsolation, isolation));
    EXPECT_THAT(container->GetConfigItem(kIsolation), SucceedsWith(isolation));
  }
}

TEST_F(NetworkIpvlanTest, ClearedIsolationIsBridge) {
  COVERS(spec::network_ipvlan::kIsolationCleared);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());
  ASSERT_OK(container->SetConfigItem(kIsolation, "private"));
  ASSERT_OK(container->ClearConfigItem(kIsolation));
  EXPECT_THAT(container->GetConfigItem(kIsolation), SucceedsWith("bridge"));

  ASSERT_OK(container->SetConfigItem(kIsolation, "private"));
  ASSERT_OK(container->SetConfigItem(kIsolation, ""));
  EXPECT_THAT(container->GetConfigItem(kIsolation), SucceedsWith("bridge"));
}

TEST_F(NetworkIpvlanTest, OtherWordsAreRefused) {
  COVERS(spec::network_ipvlan::kWordsRefused);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());
  ASSERT_OK(container->SetConfigItem(kMode, "l3s"));
  ASSERT_OK(container->SetConfigItem(kIsolation, "private"));

  for (const std::string word : {"L3", "l4", "l", "l3 s", "l3sx", "bridge", "0"}) {
    EXPECT_THAT(container->SetConfigItem(kMode, word), Fails()) << word;
  }
  for (const std::string word : {"Private", "VEPA", "none", "passthru", "bridged", "l3", "1"}) {
    EXPECT_THAT(container->SetConfigItem(kIsolation, word), Fails()) << word;
  }

  EXPECT_THAT(container->GetConfigItem(kMode), SucceedsWith("l3s"));
  EXPECT_THAT(container->GetConfigItem(kIsolation), SucceedsWith("private"));
}

TEST_F(NetworkIpvlanTest, KeysAreRefusedForOtherTypes) {
  COVERS(spec::network_ipvlan::kOtherTypes);
  for (const std::string type : {"empty", "veth", "macvlan", "phys"}) {
    ASSERT_OK_AND_ASSIGN(auto container, WithInterface(type));
    EXPECT_THAT(container->SetConfigItem(kMode, "l2"), Fails()) << type;
    EXPECT_THAT(container->SetConfigItem(kIsolation, "private"), Fails()) << type;
  }
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  EXPECT_THAT(container->SetConfigItem(kMode, "l2"), Fails());
  EXPECT_THAT(container->SetConfigItem(kIsolation, "private"), Fails());
}

// The device.

TEST_F(NetworkIpvlanTest, ContainerHasTheDevice) {
  COVERS(spec::network_ipvlan::kDevice);
  ASSERT_OK(MakeWire("up0"));
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> devices, HostDevices());
  ASSERT_OK_AND_ASSIGN(const Link parent, host().FindLink("up0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Ipvlan(0, "up0")));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.FindLink("eth0"),
              SucceedsWith(AllOf(
                  Field("kind", &Link::kind, "ipvlan"), Field("up", &Link::up, true),
                  Field("parent", &Link::parent, parent.index),
                  Field("hardware_address", &Link::hardware_address, parent.hardware_address))));
  EXPECT_THAT(HostDevices(), SucceedsWith(devices));
}

TEST_F(NetworkIpvlanTest, DefaultModeOfTheDeviceIsL3) {
  COVERS(spec::network_ipvlan::kDefaultModeEffect);
  ASSERT_OK(MakeWire("up0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Ipvlan(0, "up0")));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.FindLink("eth0"), SucceedsWith(Field("ipvlan_mode", &Link::ipvlan_mode,
                                                          Optional(uint16_t{IPVLAN_MODE_L3}))));
}

TEST_F(NetworkIpvlanTest, DefaultIsolationOfTheDeviceIsBridge) {
  COVERS(spec::network_ipvlan::kDefaultIsolationEffect);
  ASSERT_OK(MakeWire("up0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Ipvlan(0, "up0", {{"ipvlan.mode", "l2"}})));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.FindLink("eth0"), SucceedsWith(IsIpvlan(IPVLAN_MODE_L2, 0)));
}

struct Combination {
  std::string mode;
  uint16_t mode_attribute;
  std::string isolation;
  uint16_t flags;
};

class NetworkIpvlanCombinationTest : public NetworkIpvlanTest,
                                     public ::testing::WithParamInterface<Combination> {};

TEST_P(NetworkIpvlanCombinationTest, DeviceIsWhatTheKeysSay) {
  COVERS(spec::network_ipvlan::kModeAndIsolation);
  ASSERT_OK(MakeWire("up0"));
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartProbed(Ipvlan(0, "up0",
                                          {{"ipvlan.mode", GetParam().mode},
                                           {"ipvlan.isolation", GetParam().isolation}})));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.FindLink("eth0"),
              SucceedsWith(IsIpvlan(GetParam().mode_attribute, GetParam().flags)));
}

INSTANTIATE_TEST_SUITE_P(
    All, NetworkIpvlanCombinationTest,
    ::testing::Values(Combination{"l2", IPVLAN_MODE_L2, "bridge", 0},
                      Combination{"l2", IPVLAN_MODE_L2, "private", IPVLAN_F_PRIVATE},
                      Combination{"l2", IPVLAN_MODE_L2, "vepa", IPVLAN_F_VEPA},
                      Combination{"l3", IPVLAN_MODE_L3, "bridge", 0},
                      Combination{"l3", IPVLAN_MODE_L3, "private", IPVLAN_F_PRIVATE},
                      Combination{"l3", IPVLAN_MODE_L3, "vepa", IPVLAN_F_VEPA},
                      Combination{"l3s", IPVLAN_MODE_L3S, "bridge", 0},
                      Combination{"l3s", IPVLAN_MODE_L3S, "private", IPVLAN_F_PRIVATE},
                      Combination{"l3s", IPVLAN_MODE_L3S, "vepa", IPVLAN_F_VEPA}),
    [](const auto& each) { return each.param.mode + "_" + each.param.isolation; });

TEST_F(NetworkIpvlanTest, EachInterfaceHasItsOwn) {
  COVERS(spec::network_ipvlan::kEachInterface);
  ASSERT_OK(MakeWire("up0"));
  ASSERT_OK(MakeWire("up1", "far1"));
  const ConfigItems config =
      Joined(Ipvlan(8, "up0", {{"ipvlan.mode", "l3s"}, {"ipvlan.isolation", "vepa"}}),
             Ipvlan(3, "up1", {{"ipvlan.mode", "l2"}, {"ipvlan.isolation", "private"}}));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(config));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));
  ASSERT_OK_AND_ASSIGN(const Link up0, host().FindLink("up0"));
  ASSERT_OK_AND_ASSIGN(const Link up1, host().FindLink("up1"));

  EXPECT_THAT(inside.FindLink("eth8"),
              SucceedsWith(AllOf(IsIpvlan(IPVLAN_MODE_L3S, IPVLAN_F_VEPA),
                                 Field("parent", &Link::parent, up0.index))));
  EXPECT_THAT(inside.FindLink("eth3"),
              SucceedsWith(AllOf(IsIpvlan(IPVLAN_MODE_L2, IPVLAN_F_PRIVATE),
                                 Field("parent", &Link::parent, up1.index))));
}

// Afterwards, and failures.

// No StartProbed here: the test's end of the probe's channel is of the container's network, which
// would outlive the container.

TEST_F(NetworkIpvlanTest, NothingIsAboveTheLinkAfterAStop) {
  COVERS(spec::network_ipvlan::kGoneAfterStop);
  ASSERT_OK(MakeWire("up0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent(Ipvlan(0, "up0")));
  ASSERT_THAT(TakesMacvlan("up0"), Fails());

  ASSERT_OK(StopAndWait(*container));

  EXPECT_TRUE(Eventually([&] { return TakesMacvlan("up0"); }, Succeeds()));
}

TEST_F(NetworkIpvlanTest, NothingIsAboveTheLinkAfterInitWasKilled) {
  COVERS(spec::network_ipvlan::kGoneAfterStop);
  ASSERT_OK(MakeWire("up0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent(Ipvlan(0, "up0")));
  ASSERT_OK_AND_ASSIGN(const pid_t init, container->InitPid());

  ASSERT_EQ(kill(init, SIGKILL), 0);
  ASSERT_OK(container->Wait("STOPPED", 10));

  EXPECT_TRUE(Eventually([&] { return TakesMacvlan("up0"); }, Succeeds()));
}

TEST_F(NetworkIpvlanTest, RestartedContainerHasTheDeviceAgain) {
  COVERS(spec::network_ipvlan::kRestart);
  ASSERT_OK(MakeWire("up0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Ipvlan(0, "up0", {{"ipvlan.mode", "l3s"}})));
  ASSERT_OK(StopAndWait(*container));

  ASSERT_OK(container->Start({}));
  ASSERT_OK(container.AwaitNextInit());
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_THAT(inside.FindLink("eth0"), SucceedsWith(IsIpvlan(IPVLAN_MODE_L3S, 0)));
}

TEST_F(NetworkIpvlanTest, WithoutTheLinkTheStartFails) {
  COVERS(spec::network_ipvlan::kNeedsLink);
  for (const std::string link : {"", "nowhere0"}) {
    EXPECT_THAT(StartBriefly(Ipvlan(0, link)), Fails()) << link;
  }
}

TEST_F(NetworkIpvlanTest, FailedStartLeavesNothingBehind) {
  COVERS(spec::network_ipvlan::kFailedStart);
  ASSERT_OK(MakeWire("up0"));
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> devices, HostDevices());

  EXPECT_THAT(StartBriefly(Joined(Ipvlan(0, "up0"), Ipvlan(1, "nowhere0"))), Fails());

  EXPECT_TRUE(Eventually([&] { return HostDevices(); }, SucceedsWith(devices)));
  EXPECT_TRUE(Eventually([&] { return TakesMacvlan("up0"); }, Succeeds()));
}

TEST_F(NetworkIpvlanTest, ContainerRunsWithTheDeviceOrNotAtAll) {
  COVERS(spec::network_ipvlan::kNoIpvlan);
  ASSERT_OK(MakeWire("up0"));
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> devices, HostDevices());

  auto container = StartProbed(Ipvlan(0, "up0"));

  if (container) {
    ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(*container));
    EXPECT_THAT(inside.FindLink("eth0"), SucceedsWith(Field("kind", &Link::kind, "ipvlan")));
  } else {
    EXPECT_TRUE(Eventually([&] { return HostDevices(); }, SucceedsWith(devices)));
  }
}

}  // namespace
}  // namespace lxcspec
