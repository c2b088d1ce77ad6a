// SPDX-License-Identifier: Apache-2.0
//
// The key, the proxy entries that it makes, and what becomes of them.

#include <string>
#include <vector>

#include "conformance/harness/network_test.h"

namespace lxcspec {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

constexpr char kKey[] = "lxc.net.4.l2proxy";
constexpr char kInside4[] = "192.0.2.50";
constexpr char kInside6[] = "2001:db8:1::50";

// A veth interface in router mode, whose addresses are of the network on the link.
ConfigItems Veth(int index, const std::string& link, const ConfigItems& more) {
  return InterfaceItems(index, Joined({{"type", "veth"},
                                       {"veth.mode", "router"},
                                       {"veth.pair", "pair" + std::to_string(index)},
                                       {"flags", "up"},
                                       {"link", link}},
                                      more));
}

const ConfigItems kAddress4 = {{"ipv4.address", std::string(kInside4) + "/32"}};
const ConfigItems kAddress6 = {{"ipv6.address", std::string(kInside6) + "/128"}};
const ConfigItems kOn = {{"l2proxy", "1"}};

NeighbourProxy Proxy(const std::string& device, const std::string& address) {
  return {.device = device, .address = address};
}

class NetworkL2proxyTest : public NetworkTest {
 protected:
  // A wire whose near end has all sysctls that proxies want.
  Status MakeLink(const std::string& name, const std::string& far = "far0") {
    RETURN_IF_ERROR(MakeWire(name, far));
    RETURN_IF_ERROR(host().WriteSysctl("net/ipv4/conf/" + name + "/forwarding", "1"));
    RETURN_IF_ERROR(host().WriteSysctl("net/ipv6/conf/" + name + "/forwarding", "1"));
    return host().WriteSysctl("net/ipv6/conf/" + name + "/proxy_ndp", "1");
  }

  static ConfigItems BothFamilies() {
    return Veth(0, "up0", Joined(kOn, Joined(kAddress4, kAddress6)));
  }
};

TEST_F(NetworkL2proxyTest, IsAnnounced) {
  COVERS(spec::network_l2proxy::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("network_l2proxy"));
}

TEST_F(NetworkL2proxyTest, KeyReadsBackAndDefaultsToZero) {
  COVERS(spec::network_l2proxy::kKeyReadsBack);
  for (const std::string type : {"veth", "ipvlan", "macvlan", "phys"}) {
    ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
    ASSERT_OK(container->SetConfigItem("lxc.net.4.type", type));
    EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("0"));

    ASSERT_OK(container->SetConfigItem(kKey, "1"));
    EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("1"));
    ASSERT_OK(container->SetConfigItem(kKey, "0"));
    EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("0"));
  }
}

TEST_F(NetworkL2proxyTest, ClearedKeyReadsAsZero) {
  COVERS(spec::network_l2proxy::kKeyReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  ASSERT_OK(container->SetConfigItem("lxc.net.4.type", "veth"));
  ASSERT_OK(container->SetConfigItem(kKey, "1"));
  ASSERT_OK(container->ClearConfigItem(kKey));
  EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("0"));

  ASSERT_OK(container->SetConfigItem(kKey, "1"));
  ASSERT_OK(container->SetConfigItem(kKey, ""));
  EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("0"));
}

TEST_F(NetworkL2proxyTest, OtherValuesAreRefused) {
  COVERS(spec::network_l2proxy::kKeyRefused);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  ASSERT_OK(container->SetConfigItem("lxc.net.4.type", "veth"));
  ASSERT_OK(container->SetConfigItem(kKey, "1"));

  for (const std::string value : {"2", "-1", "yes", "true", "1x", "4294967297"}) {
    EXPECT_THAT(container->SetConfigItem(kKey, value), Fails()) << value;
    EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("1"));
  }
}

TEST_F(NetworkL2proxyTest, LinkAnswersForTheIpv4Addresses) {
  COVERS(spec::network_l2proxy::kIpv4);
  ASSERT_OK(MakeLink("up0"));
  const ConfigItems addresses = Joined(kAddress4, {{"ipv4.address", "192.0.2.51/32"}});
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Veth(0, "up0", Joined(kOn, addresses))));

  EXPECT_THAT(host().NeighbourProxies(), SucceedsWith(UnorderedElementsAre(
                                             Proxy("up0", kInside4), Proxy("up0", "192.0.2.51"))));
}

TEST_F(NetworkL2proxyTest, LinkAnswersForTheIpv6Addresses) {
  COVERS(spec::network_l2proxy::kIpv6);
  ASSERT_OK(MakeLink("up0"));
  const ConfigItems addresses = Joined(kAddress6, {{"ipv6.address", "2001:db8:1::51/128"}});
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Veth(0, "up0", Joined(kOn, addresses))));

  EXPECT_THAT(
      host().NeighbourProxies(),
      SucceedsWith(UnorderedElementsAre(Proxy("up0", kInside6), Proxy("up0", "2001:db8:1::51"))));
}

TEST_F(NetworkL2proxyTest, EachLinkAnswersForItsInterface) {
  COVERS(spec::network_l2proxy::kEachInterface);
  ASSERT_OK(MakeLink("up0"));
  ASSERT_OK(MakeLink("up1", "far1"));
  ConfigItems config = Veth(7, "up1", Joined(kOn, kAddress4));
  config = Joined(config, Veth(1, "up0", Joined(kOn, kAddress6)));
  config = Joined(config, Veth(3, "up0", {{"ipv4.address", "192.0.2.53/32"}}));
  config = Joined(config, Veth(5, "up0", {{"l2proxy", "0"}, {"ipv4.address", "192.0.2.55/32"}}));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(config));

  EXPECT_THAT(host().NeighbourProxies(),
              SucceedsWith(UnorderedElementsAre(Proxy("up1", kInside4), Proxy("up0", kInside6))));
}

TEST_F(NetworkL2proxyTest, LinkAnswersForAnIpvlanInterface) {
  COVERS(spec::network_l2proxy::kIpvlan);
  ASSERT_OK(MakeLink("up0"));
  const ConfigItems config = InterfaceItems(
      0, Joined({{"type", "ipvlan"}, {"ipvlan.mode", "l3s"}, {"flags", "up"}, {"link", "up0"}},
                Joined(kOn, Joined(kAddress4, kAddress6))));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(config));

  EXPECT_THAT(host().NeighbourProxies(),
              SucceedsWith(UnorderedElementsAre(Proxy("up0", kInside4), Proxy("up0", kInside6))));
}

TEST_F(NetworkL2proxyTest, NothingStaysAfterAStop) {
  COVERS(spec::network_l2proxy::kGoneAfterStop);
  ASSERT_OK(MakeLink("up0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(BothFamilies()));

  ASSERT_OK(StopAndWait(*container));

  EXPECT_TRUE(Eventually([&] { return host().NeighbourProxies(); }, SucceedsWith(IsEmpty())));
}

TEST_F(NetworkL2proxyTest, NothingStaysAfterInitWasKilled) {
  COVERS(spec::network_l2proxy::kGoneAfterStop);
  ASSERT_OK(MakeLink("up0"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(BothFamilies()));

  ASSERT_OK(KillAndWait(container));

  EXPECT_TRUE(Eventually([&] { return host().NeighbourProxies(); }, SucceedsWith(IsEmpty())));
}

TEST_F(NetworkL2proxyTest, EntriesOfOthersStay) {
  COVERS(spec::network_l2proxy::kKeepsOthers);
  ASSERT_OK(MakeLink("up0"));
  ASSERT_OK(host().AddNeighbourProxy("up0", "192.0.2.99"));
  ASSERT_OK(host().AddNeighbourProxy("up0", "2001:db8:1::99"));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(BothFamilies()));

  ASSERT_OK(StopAndWait(*container));

  EXPECT_THAT(host().NeighbourProxies(),
              SucceedsWith(::testing::IsSupersetOf(
                  {Proxy("up0", "192.0.2.99"), Proxy("up0", "2001:db8:1::99")})));
}

// Sysctls and links.

struct FamilyCase {
  std::string name;
  ConfigItems addresses;
  std::string inside;
  std::vector<std::string> others;  // that do not matter
};

class NetworkL2proxyFamilyTest : public NetworkL2proxyTest,
                                 public ::testing::WithParamInterface<FamilyCase> {};

TEST_P(NetworkL2proxyFamilyTest, SysctlsOfTheOtherFamilyDoNotMatter) {
  COVERS(spec::network_l2proxy::kOnlyNeededSysctls);
  ASSERT_OK(MakeLink("up0"));
  for (const std::string& sysctl : GetParam().others) {
    ASSERT_OK(host().WriteSysctl(sysctl, "0"));
  }

  ASSERT_OK_AND_ASSIGN(auto container,
                       StartProbed(Veth(0, "up0", Joined(kOn, GetParam().addresses))));

  EXPECT_THAT(host().NeighbourProxies(),
              SucceedsWith(UnorderedElementsAre(Proxy("up0", GetParam().inside))));
}

INSTANTIATE_TEST_SUITE_P(
    All, NetworkL2proxyFamilyTest,
    ::testing::Values(FamilyCase{"Ipv4",
                                 kAddress4,
                                 kInside4,
                                 {"net/ipv6/conf/up0/forwarding", "net/ipv6/conf/up0/proxy_ndp"}},
                      FamilyCase{"Ipv6", kAddress6, kInside6, {"net/ipv4/conf/up0/forwarding"}}),
    [](const auto& each) { return each.param.name; });

struct Sysctl {
  std::string name;
  std::string path;
  std::string dotted;
};

class NetworkL2proxySysctlTest : public NetworkL2proxyTest,
                                 public ::testing::WithParamInterface<Sysctl> {};

TEST_P(NetworkL2proxySysctlTest, MissingOneFailsTheStartAndIsNamed) {
  COVERS(spec::network_l2proxy::kNeedsSysctls);
  ASSERT_OK(MakeLink("up0"));
  ASSERT_OK(host().WriteSysctl(GetParam().path, "0"));

  ASSERT_OK_AND_ASSIGN(const std::string errors, ErrorsOfFailingStart(BothFamilies()));

  EXPECT_THAT(errors, ::testing::HasSubstr(GetParam().dotted));
  EXPECT_THAT(host().ReadSysctl(GetParam().path), SucceedsWith("0"));
}

INSTANTIATE_TEST_SUITE_P(All, NetworkL2proxySysctlTest,
                         ::testing::Values(Sysctl{"Ipv4Forwarding", "net/ipv4/conf/up0/forwarding",
                                                  "net.ipv4.conf.up0.forwarding"},
                                           Sysctl{"Ipv6Forwarding", "net/ipv6/conf/up0/forwarding",
                                                  "net.ipv6.conf.up0.forwarding"},
                                           Sysctl{"Ipv6ProxyNdp", "net/ipv6/conf/up0/proxy_ndp",
                                                  "net.ipv6.conf.up0.proxy_ndp"}),
                         [](const auto& each) { return each.param.name; });

TEST_F(NetworkL2proxyTest, WithoutALinkTheStartFails) {
  COVERS(spec::network_l2proxy::kNeedsLink);

  EXPECT_THAT(StartBriefly(Veth(0, "", Joined(kOn, kAddress4))), Fails());
}

TEST_F(NetworkL2proxyTest, WithoutADeviceOfTheLinksNameTheStartFails) {
  COVERS(spec::network_l2proxy::kNoSuchLink);

  EXPECT_THAT(StartBriefly(Veth(0, "nowhere0", Joined(kOn, kAddress4))), Fails());

  EXPECT_TRUE(Eventually([&] { return HostDevices(); }, SucceedsWith(Not(Contains("pair0")))));
}

TEST_F(NetworkL2proxyTest, FailedStartLeavesNothingBehind) {
  COVERS(spec::network_l2proxy::kFailedStart);
  ASSERT_OK(MakeLink("up0"));
  ASSERT_OK(host().AddNeighbourProxy("up0", "192.0.2.99"));
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> devices, HostDevices());
  // All of the first interface has been made when the second one fails.
  const ConfigItems config =
      Joined(BothFamilies(), InterfaceItems(1, {{"type", "macvlan"}, {"link", "nowhere0"}}));

  EXPECT_THAT(StartBriefly(config), Fails());

  EXPECT_TRUE(Eventually([&] { return HostDevices(); }, SucceedsWith(devices)));
  EXPECT_TRUE(Eventually([&] { return host().NeighbourProxies(); },
                         SucceedsWith(UnorderedElementsAre(Proxy("up0", "192.0.2.99")))));
}

// Traffic.

struct TrafficCase {
  std::string name;
  std::string inside;
  std::string neighbour;  // on the link
};

class NetworkL2proxyTrafficTest : public NetworkL2proxyTest,
                                  public ::testing::WithParamInterface<TrafficCase> {
 protected:
  // A container in router mode on a host that forwards; the neighbour takes all of 192.0.2.0/24 and
  // 2001:db8:1::/64 for the link's.
  Result<ProbedContainer> StartOnALink(const ConfigItems& more) {
    RETURN_IF_ERROR(host().WriteSysctl("net/ipv4/ip_forward", "1"));
    RETURN_IF_ERROR(host().WriteSysctl("net/ipv6/conf/all/forwarding", "1"));
    RETURN_IF_ERROR(MakeLink("up0"));
    RETURN_IF_ERROR(host().AddAddress("up0", "192.0.2.1/24"));
    RETURN_IF_ERROR(host().AddAddress("up0", "2001:db8:1::1/64"));
    RETURN_IF_ERROR(third().AddAddress("far0", "192.0.2.9/24"));
    // The kernel proxies for an IPv4 address only where it has a route to it by another device.
    RETURN_IF_ERROR(host().AddRoute("0.0.0.0/0", "192.0.2.9", ""));
    RETURN_IF_ERROR(third().AddAddress("far0", "2001:db8:1::9/64"));
    const ConfigItems gateways = {{"ipv4.gateway", "169.254.1.1"}, {"ipv6.gateway", "fe80::1"}};
    return StartProbed(
        Veth(0, "up0", Joined(Joined(kAddress4, kAddress6), Joined(gateways, more))));
  }
};

TEST_P(NetworkL2proxyTrafficTest, NeighbourReachesTheContainerAsOneOfTheLink) {
  COVERS(spec::network_l2proxy::kCarriesTraffic);
  ASSERT_OK_AND_ASSIGN(auto container, StartOnALink(kOn));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  // What answers for the container, and for its gateway where that is no address of the host.
  EXPECT_OK(Exchange({third(), GetParam().neighbour}, {inside, GetParam().inside}))
      << "proxies: " << ::testing::PrintToString(host().NeighbourProxies());
}

INSTANTIATE_TEST_SUITE_P(All, NetworkL2proxyTrafficTest,
                         ::testing::Values(TrafficCase{"Ipv4", kInside4, "192.0.2.9"},
                                           TrafficCase{"Ipv6", kInside6, "2001:db8:1::9"}),
                         [](const auto& each) { return each.param.name; });

TEST_F(NetworkL2proxyTest, WithoutTheEntriesTheNeighbourDoesNotReachTheContainer) {
  COVERS(spec::network_l2proxy::kCarriesTraffic);
  ASSERT_OK(MakeLink("up0"));
  ASSERT_OK(host().WriteSysctl("net/ipv4/ip_forward", "1"));
  ASSERT_OK(host().AddAddress("up0", "192.0.2.1/24"));
  ASSERT_OK(third().AddAddress("far0", "192.0.2.9/24"));
  const ConfigItems gateway = {{"ipv4.gateway", "dev"}};
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Veth(0, "up0", Joined(kAddress4, gateway))));
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_OK(ExpectNoWay({third(), "192.0.2.9"}, {inside, kInside4}, {host(), "192.0.2.1"},
                        {inside, kInside4}));
}

}  // namespace
}  // namespace lxcspec
