// SPDX-License-Identifier: Apache-2.0
//
// In a network namespace of the test's own.

#include "runtime/extensions/network_phys_macvlan_mtu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <sched.h>

#include <cerrno>
#include <optional>
#include <utility>

namespace lxcspec::runtime {
namespace {

class NetworkPhysMacvlanMtuTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    auto host = NetlinkSocket::Open();
    ASSERT_TRUE(host);
    host_ = *std::move(host);
    ASSERT_TRUE(CreateVeth(*host_, {.name = "dev0"}, {.name = "dev1"}));
  }

  Link Device() { return *FindLink(*host_, "dev0"); }

  std::optional<NetlinkSocket> host_;
};

TEST_F(NetworkPhysMacvlanMtuTest, TheMtuIsSet) {
  ASSERT_TRUE(SetDeviceMtu(*host_, Device(), 1300));
  EXPECT_EQ(Device().mtu, 1300U);
}

TEST_F(NetworkPhysMacvlanMtuTest, AMacvlansMtuAboveItsParentsIsRefused) {
  ASSERT_TRUE(
      CreateLink(*host_, "macvlan", Device().index, {.name = "mac0"}, [](NetlinkRequest& data) {
        data.AddNumber(IFLA_MACVLAN_MODE, uint32_t{MACVLAN_MODE_BRIDGE});
      }));
  const auto macvlan = FindLink(*host_, "mac0");
  ASSERT_TRUE(macvlan);
  EXPECT_TRUE(SetDeviceMtu(*host_, *macvlan, 1400));
  const Status set = SetDeviceMtu(*host_, *macvlan, 1501);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, EINVAL);
  EXPECT_THAT(set.error().attempted, ::testing::HasSubstr("set the MTU of mac0 to 1501"));
}

TEST_F(NetworkPhysMacvlanMtuTest, ADeviceThatIsBackGetsWhatItHad) {
  const LentDevice lent{
      .index = Device().index, .name = "dev0", .mtu = Device().mtu, .address = Device().address};
  ASSERT_TRUE(lent.address);
  ASSERT_TRUE(ChangeLink(
      *host_, lent.index,
      {.name = "eth0", .address = HardwareAddressBytes{2, 0, 0x5e, 0, 0, 1}, .mtu = 1300}, "lend"));
  ASSERT_TRUE(RestoreDevice(*host_, lent));
  EXPECT_EQ(Device().index, lent.index);
  EXPECT_EQ(Device().mtu, lent.mtu);
  EXPECT_EQ(Device().address, lent.address);
}

TEST_F(NetworkPhysMacvlanMtuTest, ADeviceThatIsGoneIsNoFailure) {
  const LentDevice lent{.index = Device().index, .name = "dev0", .mtu = Device().mtu};
  ASSERT_TRUE(DeleteLink(*host_, lent.index, "delete"));
  EXPECT_TRUE(RestoreDevice(*host_, lent));
}

}  // namespace
}  // namespace lxcspec::runtime
