// SPDX-License-Identifier: Apache-2.0
//
// Packets through devices whose MTU was chosen.

#include <cerrno>
#include <string>

#include "conformance/harness/network_test.h"

namespace lxcspec {
namespace {

constexpr char kInside4[] = "192.0.2.50";
constexpr char kInside6[] = "2001:db8:1::50";
constexpr char kFar4[] = "192.0.2.9";
constexpr char kFar6[] = "2001:db8:1::9";
constexpr size_t kMtu = 1300;
constexpr size_t kIpv4AndUdpHeaders = 28;

struct Type {
  std::string name;
  ConfigItems items;
};

class NetworkPhysMacvlanMtuTrafficTest : public NetworkTest,
                                         public ::testing::WithParamInterface<Type> {
 protected:
  Result<ProbedContainer> StartOnAWire() {
    RETURN_IF_ERROR(MakeWire("up0"));
    RETURN_IF_ERROR(third().AddAddress("far0", std::string(kFar4) + "/24"));
    RETURN_IF_ERROR(third().AddAddress("far0", std::string(kFar6) + "/64"));
    return StartProbed(InterfaceItems(
        0, Joined(GetParam().items, {{"link", "up0"},
                                     {"flags", "up"},
                                     {"mtu", std::to_string(kMtu)},
                                     {"ipv4.address", std::string(kInside4) + "/24"},
                                     {"ipv6.address", std::string(kInside6) + "/64"}})));
  }
};

TEST_P(NetworkPhysMacvlanMtuTrafficTest, Ipv4DatagramsPass) {
  COVERS(spec::network_phys_macvlan_mtu::kCarriesTraffic);
  ASSERT_OK_AND_ASSIGN(auto container, StartOnAWire());
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_OK(Exchange({inside, kInside4}, {third(), kFar4}));
}

TEST_P(NetworkPhysMacvlanMtuTrafficTest, Ipv6DatagramsPass) {
  COVERS(spec::network_phys_macvlan_mtu::kCarriesTraffic);
  ASSERT_OK_AND_ASSIGN(auto container, StartOnAWire());
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));

  EXPECT_OK(Exchange({inside, kInside6}, {third(), kFar6}));
}

TEST_P(NetworkPhysMacvlanMtuTrafficTest, NoLargerDatagramsThanTheMtuPass) {
  COVERS(spec::network_phys_macvlan_mtu::kLimitsPackets);
  ASSERT_OK_AND_ASSIGN(auto container, StartOnAWire());
  ASSERT_OK_AND_ASSIGN(const NetNamespace inside, Inside(container));
  ASSERT_OK(Exchange({inside, kInside4}, {third(), kFar4}));
  ASSERT_OK_AND_ASSIGN(const DatagramSocket sender, DatagramSocket::Bind(inside, kInside4));
  ASSERT_OK_AND_ASSIGN(const DatagramSocket receiver, DatagramSocket::Bind(third(), kFar4));
  ASSERT_OK(sender.ForbidFragments());
  const std::string largest(kMtu - kIpv4AndUdpHeaders, 'x');

  EXPECT_THAT(sender.Send(largest + "x", kFar4, receiver.port()), FailsWithErrno(EMSGSIZE));
  ASSERT_OK(sender.Send(largest, kFar4, receiver.port()));

  EXPECT_THAT(receiver.Receive(kPatience), SucceedsWith(largest));
}

INSTANTIATE_TEST_SUITE_P(
    All, NetworkPhysMacvlanMtuTrafficTest,
    ::testing::Values(Type{"Phys", {{"type", "phys"}}},
                      Type{"MacvlanBridge", {{"type", "macvlan"}, {"macvlan.mode", "bridge"}}},
                      Type{"MacvlanPrivate", {{"type", "macvlan"}, {"macvlan.mode", "private"}}},
                      Type{"MacvlanVepa", {{"type", "macvlan"}, {"macvlan.mode", "vepa"}}},
                      Type{"MacvlanPassthru", {{"type", "macvlan"}, {"macvlan.mode", "passthru"}}}),
    [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace lxcspec
