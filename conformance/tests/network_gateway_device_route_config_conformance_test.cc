// SPDX-License-Identifier: Apache-2.0
//
// The keys: what they take, what they refuse, and what they read as.

#include <string>
#include <vector>

#include "conformance/harness/container_test.h"

namespace lxcspec {
namespace {

struct Family {
  std::string name;
  std::string key;
  std::string address;
  std::string other_key;
  std::string other_familys_address;
};

const Family kIpv4 = {"Ipv4", "lxc.net.4.ipv4.gateway", "192.0.2.1", "lxc.net.4.ipv6.gateway",
                      "2001:db8::1"};
const Family kIpv6 = {"Ipv6", "lxc.net.4.ipv6.gateway", "2001:db8::1", "lxc.net.4.ipv4.gateway",
                      "192.0.2.1"};

class NetworkGatewayDeviceRouteConfigTest : public ContainerTest,
                                            public ::testing::WithParamInterface<Family> {
 protected:
  Result<std::unique_ptr<Container>> WithInterface(const std::string& type = "veth") {
    ASSIGN_OR_RETURN(auto container, NewContainer());
    RETURN_IF_ERROR(container->SetConfigItem("lxc.net.4.type", type));
    return container;
  }
};

TEST_P(NetworkGatewayDeviceRouteConfigTest, DevReadsBackForEveryType) {
  COVERS(spec::network_gateway_device_route::kKeyReadsBack);
  for (const std::string type : {"veth", "macvlan", "ipvlan", "vlan", "phys"}) {
    ASSERT_OK_AND_ASSIGN(auto container, WithInterface(type));

    ASSERT_OK(container->SetConfigItem(GetParam().key, "dev"));

    EXPECT_THAT(container->GetConfigItem(GetParam().key), SucceedsWith("dev")) << type;
    EXPECT_THAT(container->GetConfigItem(GetParam().other_key), SucceedsWith("")) << type;
  }
}

TEST_P(NetworkGatewayDeviceRouteConfigTest, DevTakesThePlaceOfAnotherValue) {
  COVERS(spec::network_gateway_device_route::kLastValueCounts);
  for (const std::string& earlier : {GetParam().address, std::string("auto")}) {
    ASSERT_OK_AND_ASSIGN(auto container, WithInterface());
    ASSERT_OK(container->SetConfigItem(GetParam().key, earlier));

    ASSERT_OK(container->SetConfigItem(GetParam().key, "dev"));

    EXPECT_THAT(container->GetConfigItem(GetParam().key), SucceedsWith("dev"));
  }
}

TEST_P(NetworkGatewayDeviceRouteConfigTest, AutoTakesThePlaceOfDev) {
  COVERS(spec::network_gateway_device_route::kLastValueCounts);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());
  ASSERT_OK(container->SetConfigItem(GetParam().key, "dev"));

  ASSERT_OK(container->SetConfigItem(GetParam().key, "auto"));

  EXPECT_THAT(container->GetConfigItem(GetParam().key), SucceedsWith("auto"));
}

TEST_P(NetworkGatewayDeviceRouteConfigTest, AddressTakesThePlaceOfDev) {
  COVERS(spec::network_gateway_device_route::kLastValueCounts);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());
  ASSERT_OK(container->SetConfigItem(GetParam().key, "dev"));

  ASSERT_OK(container->SetConfigItem(GetParam().key, GetParam().address));

  EXPECT_THAT(container->GetConfigItem(GetParam().key), SucceedsWith(GetParam().address));
}

TEST_P(NetworkGatewayDeviceRouteConfigTest, ClearedKeyReadsAsEmpty) {
  COVERS(spec::network_gateway_device_route::kCleared);
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());

  ASSERT_OK(container->SetConfigItem(GetParam().key, "dev"));
  ASSERT_OK(container->ClearConfigItem(GetParam().key));
  EXPECT_THAT(container->GetConfigItem(GetParam().key), SucceedsWith(""));

  ASSERT_OK(container->SetConfigItem(GetParam().key, "dev"));
  ASSERT_OK(container->SetConfigItem(GetParam().key, ""));
  EXPECT_THAT(container->GetConfigItem(GetParam().key), SucceedsWith(""));
}

TEST_P(NetworkGatewayDeviceRouteConfigTest, OtherValuesAreRefused) {
  COVERS(spec::network_gateway_device_route::kRefusedValues);
  const std::vector<std::string> values = {"device",
                                           "Dev",
                                           "DEV",
                                           "dev eth0",
                                           " dev",
                                           "de",
                                           "eth0",
                                           GetParam().address + "x",
                                           GetParam().other_familys_address};
  ASSERT_OK_AND_ASSIGN(auto container, WithInterface());
  ASSERT_OK(container->SetConfigItem(GetParam().key, GetParam().address));

  for (const std::string& value : values) {
    EXPECT_THAT(container->SetConfigItem(GetParam().key, value), Fails()) << value;
    EXPECT_THAT(container->GetConfigItem(GetParam().key), SucceedsWith(GetParam().address));
  }
}

INSTANTIATE_TEST_SUITE_P(All, NetworkGatewayDeviceRouteConfigTest, ::testing::Values(kIpv4, kIpv6),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace lxcspec
