// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/netlink/abilities.h"

#include <gtest/gtest.h>
#include <sched.h>

#include "runtime/kernel/netlink/link.h"

namespace lxcspec::runtime {
namespace {

TEST(NetworkAbilitiesTest, TryingLeavesNothingAndAgreesWithTheKernel) {
  ASSERT_EQ(unshare(CLONE_NEWNET), 0);
  const NetworkAbilities& abilities = ThisKernelsNetworkAbilities();
  auto socket = NetlinkSocket::Open();
  ASSERT_TRUE(socket);
  EXPECT_FALSE(FindLink(*socket, "ability0"));
  EXPECT_EQ(abilities.veth, CreateVeth(*socket, {.name = "a0"}, {.name = "b0"}).has_value());
}

}  // namespace
}  // namespace lxcspec::runtime
