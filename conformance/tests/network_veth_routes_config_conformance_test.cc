// SPDX-License-Identifier: Apache-2.0
//
// The keys: what they take, what they refuse, and what they read as.

#include <string>

#include "conformance/harness/container_test.h"

namespace lxcspec {
namespace {

struct Family {
  std::string name;
  std::string key;
  std::string network;
  std::string second;
  std::string other_key;
  std::string other_network;
};

const Family kIpv4 = {"Ipv4",           "veth.ipv4.route", "198.51.100.0/24",
                      "203.0.113.7/32", "veth.ipv6.route", "2001:db8::/32"};
const Family kIpv6 = {
    "Ipv6",           "veth.ipv6.route", "2001:db8::/32", "2001:db9::7/128", "veth.ipv4.route",
    "198.51.100.0/24"};

std::string Key(int index, const std::string& key) {
  return "lxc.net." + std::to_string(index) + "." + key;
}

class NetworkVethRoutesConfigTest : public ContainerTest,
                                    public ::testing::WithParamInterface<Family> {
 protected:
  // A container with veth interfaces 0 and 5.
  Result<std::unique_ptr<Container>> WithTwoInterfaces() {
    ASSIGN_OR_RETURN(auto container, NewContainer());
    RETURN_IF_ERROR(container->SetConfigItem("lxc.net.0.type", "veth"));
    RETURN_IF_ERROR(container->SetConfigItem("lxc.net.5.type", "veth"));
    return container;
  }
};

TEST_P(NetworkVethRoutesConfigTest, UnsetKeyReadsAsEmpty) {
  COVERS(spec::network_veth_routes::kKeyReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, WithTwoInterfaces());

  EXPECT_THAT(container->GetConfigItem(Key(0, GetParam().key)), SucceedsWith(""));
}

TEST_P(NetworkVethRoutesConfigTest, KeyReadsAsItsNetworksInOrder) {
  COVERS(spec::network_veth_routes::kKeyReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, WithTwoInterfaces());
  const std::string key = Key(5, GetParam().key);

  ASSERT_OK(container->SetConfigItem(key, GetParam().network));
  EXPECT_THAT(container->GetConfigItem(key), SucceedsWith(GetParam().network));
  ASSERT_OK(container->SetConfigItem(key, GetParam().second));

  EXPECT_THAT(container->GetConfigItem(key),
              SucceedsWith(GetParam().network + "\n" + GetParam().second));
  EXPECT_THAT(container->GetConfigItem(Key(0, GetParam().key)), SucceedsWith(""));
}

TEST_P(NetworkVethRoutesConfigTest, ClearingTakesAwayAllOfOneKeyOnly) {
  COVERS(spec::network_veth_routes::kKeyCleared);
  const Family& family = GetParam();
  for (const bool by_setting : {false, true}) {
    ASSERT_OK_AND_ASSIGN(auto container, WithTwoInterfaces());
    ASSERT_OK(container->SetConfigItem(Key(0, family.key), family.network));
    ASSERT_OK(container->SetConfigItem(Key(0, family.key), family.second));
    ASSERT_OK(container->SetConfigItem(Key(0, family.other_key), family.other_network));
    ASSERT_OK(container->SetConfigItem(Key(5, family.key), family.second));

    if (by_setting) {
      ASSERT_OK(container->SetConfigItem(Key(0, family.key), ""));
    } else {
      ASSERT_OK(container->ClearConfigItem(Key(0, family.key)));
    }

    EXPECT_THAT(container->GetConfigItem(Key(0, family.key)), SucceedsWith(""));
    EXPECT_THAT(container->GetConfigItem(Key(0, family.other_key)),
                SucceedsWith(family.other_network));
    EXPECT_THAT(container->GetConfigItem(Key(5, family.key)), SucceedsWith(family.second));
  }
}

INSTANTIATE_TEST_SUITE_P(All, NetworkVethRoutesConfigTest, ::testing::Values(kIpv4, kIpv6),
                         [](const auto& each) { return each.param.name; });

struct Refused {
  std::string name;
  Family family;
  std::string value;
};

class NetworkVethRoutesRefusedTest : public ContainerTest,
                                     public ::testing::WithParamInterface<Refused> {};

TEST_P(NetworkVethRoutesRefusedTest, KeyKeepsItsNetworks) {
  COVERS(spec::network_veth_routes::kRefusedValues);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  ASSERT_OK(container->SetConfigItem("lxc.net.0.type", "veth"));
  const std::string key = Key(0, GetParam().family.key);
  ASSERT_OK(container->SetConfigItem(key, GetParam().family.network));

  EXPECT_THAT(container->SetConfigItem(key, GetParam().value), Fails());

  EXPECT_THAT(container->GetConfigItem(key), SucceedsWith(GetParam().family.network));
}

INSTANTIATE_TEST_SUITE_P(
    All, NetworkVethRoutesRefusedTest,
    ::testing::Values(Refused{"Ipv4WithoutLength", kIpv4, "192.0.2.0"},
                      Refused{"Ipv4EmptyLength", kIpv4, "192.0.2.0/"},
                      Refused{"Ipv4LengthNoNumber", kIpv4, "192.0.2.0/x"},
                      Refused{"Ipv4LengthNegative", kIpv4, "192.0.2.0/-1"},
                      Refused{"Ipv4LengthTooLarge", kIpv4, "192.0.2.0/33"},
                      Refused{"Ipv4LengthWithTextBehind", kIpv4, "192.0.2.0/24x"},
                      Refused{"Ipv4NoAddress", kIpv4, "192.0.2/24"},
                      Refused{"Ipv4OnlyLength", kIpv4, "/24"},
                      Refused{"Ipv4OtherFamily", kIpv4, "2001:db8::/24"},
                      Refused{"Ipv4TwoAtOnce", kIpv4, "192.0.2.0/24 203.0.113.0/24"},
                      Refused{"Ipv6WithoutLength", kIpv6, "2001:db8::"},
                      Refused{"Ipv6LengthNoNumber", kIpv6, "2001:db8::/x"},
                      Refused{"Ipv6LengthNegative", kIpv6, "2001:db8::/-1"},
                      Refused{"Ipv6LengthTooLarge", kIpv6, "2001:db8::/129"},
                      Refused{"Ipv6NoAddress", kIpv6, "2001:db8:::/64"},
                      Refused{"Ipv6OtherFamily", kIpv6, "192.0.2.0/24"}),
    [](const auto& each) { return each.param.name; });

struct OtherType {
  std::string name;
  std::string type;  // empty: none
};

class NetworkVethRoutesOtherTypeTest : public ContainerTest,
                                       public ::testing::WithParamInterface<OtherType> {};

TEST_P(NetworkVethRoutesOtherTypeTest, KeysAreRefused) {
  COVERS(spec::network_veth_routes::kOtherTypes);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  if (!GetParam().type.empty()) {
    ASSERT_OK(container->SetConfigItem("lxc.net.0.type", GetParam().type));
  }

  for (const Family& family : {kIpv4, kIpv6}) {
    EXPECT_THAT(container->SetConfigItem(Key(0, family.key), family.network), Fails());
  }
}

INSTANTIATE_TEST_SUITE_P(All, NetworkVethRoutesOtherTypeTest,
                         ::testing::Values(OtherType{"None", ""}, OtherType{"Empty", "empty"},
                                           OtherType{"Macvlan", "macvlan"},
                                           OtherType{"Phys", "phys"}),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace lxcspec
