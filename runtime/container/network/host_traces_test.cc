// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/network/host_traces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <vector>

#include "runtime/kernel/netlink/link.h"

namespace lxcspec::runtime {
namespace {

TEST(HostTraceTest, LinesAreReadBack) {
  const std::vector<HostTrace> traces = {
      {.kind = HostTraceKind::kMade, .network = 9, .device = 3, .name = "pair0"},
      {.kind = HostTraceKind::kLent, .network = 9, .device = 4, .name = "dev0", .mtu = 1450},
      {.kind = HostTraceKind::kProxy,
       .network = 9,
       .device = 5,
       .address = *ParseIpAddress(AF_INET, "192.0.2.1")},
      {.kind = HostTraceKind::kRoute,
       .network = 9,
       .device = 1,
       .address = *ParseIpAddress(AF_INET6, "2001:db8::1")},
  };
  for (const HostTrace& trace : traces) {
    EXPECT_EQ(ParseHostTrace(trace.ToString()), trace) << trace.ToString();
  }
}

TEST(HostTraceTest, OtherLinesAreNothing) {
  for (const char* line :
       {"", "made", "made 9 3", "made 9 3 a/b", "made 9 x pair0", "lent 9 4 dev0",
        "lent 9 4 dev0 x", "proxy 9 5 192.0.2", "other 9 5 a"}) {
    EXPECT_FALSE(ParseHostTrace(line)) << line;
  }
}

class RemoveHostTracesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    auto host = NetlinkSocket::Open();
    ASSERT_TRUE(host);
    host_ = *std::move(host);
    ASSERT_TRUE(CreateVeth(*host_, {.name = "a0"}, {.name = "b0"}));
    trace_ = {.kind = HostTraceKind::kMade,
              .network = OwnNetworkNumber().value(),
              .device = FindLink(*host_, "a0")->index,
              .name = "a0"};
  }

  bool IsThere() { return FindLink(*host_, "a0").has_value(); }

  std::optional<NetlinkSocket> host_;
  HostTrace trace_;
};

TEST_F(RemoveHostTracesTest, WhatADeadMonitorHasLeftGoes) {
  ASSERT_TRUE(RemoveHostTraces({"nonsense", trace_.ToString()}));
  EXPECT_FALSE(IsThere());
  EXPECT_TRUE(RemoveHostTraces({trace_.ToString()}));
}

TEST_F(RemoveHostTracesTest, ADeviceThatOnlyHasItsNumberStays) {
  trace_.name = "b0";
  ASSERT_TRUE(RemoveHostTraces({trace_.ToString()}));
  EXPECT_TRUE(IsThere());
}

TEST_F(RemoveHostTracesTest, WhatIsInAnotherNetworkStays) {
  ++trace_.network;
  ASSERT_TRUE(RemoveHostTraces({trace_.ToString()}));
  EXPECT_TRUE(IsThere());
}

TEST_F(RemoveHostTracesTest, ALentDeviceGetsBackWhatItHad) {
  const HostTrace lent{.kind = HostTraceKind::kLent,
                       .network = trace_.network,
                       .device = trace_.device,
                       .name = "old0",
                       .mtu = 1300,
                       .hardware_address = HardwareAddressBytes{2, 0, 0x5e, 0, 0xfe, 1}};
  ASSERT_TRUE(RemoveHostTraces({lent.ToString()}));
  const auto link = FindLink(*host_, "old0");
  ASSERT_TRUE(link);
  EXPECT_EQ(link->mtu, 1300U);
  EXPECT_EQ(link->address, lent.hardware_address);
}

}  // namespace
}  // namespace lxcspec::runtime
