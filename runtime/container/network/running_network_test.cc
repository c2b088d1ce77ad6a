// SPDX-License-Identifier: Apache-2.0
//
// Looks into the network namespace of a child, and moves devices there and back. The test's own
// process is in a network namespace of its own, so that the machine's devices stay as they are.

#include "runtime/container/network/running_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "runtime/kernel/clone.h"
#include "runtime/kernel/netlink/address.h"
#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/pidfd.h"

namespace lxcspec::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RunningNetworkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    auto cloned = Clone({.namespaces = CLONE_NEWNET});
    ASSERT_TRUE(cloned) << cloned.error().ToString();
    if (cloned->pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      while (true) pause();
    }
    init_ = *std::move(cloned);
  }

  void TearDown() override { End(); }

  void End() {
    if (!init_.pidfd.valid() || ended_) return;
    ended_ = true;
    EXPECT_TRUE(SendSignal(init_.pidfd, SIGKILL));
    EXPECT_TRUE(Reap(init_.pidfd));
  }

  Result<RunningNetwork> Network() { return RunningNetwork::Open(init_.pidfd, init_.pid); }

  // A pair of devices on the test's side.
  static void MakePair(const std::string& name, const std::string& peer) {
    auto socket = NetlinkSocket::Open();
    ASSERT_TRUE(socket);
    const Status made = CreateVeth(*socket, {.name = name}, {.name = peer});
    ASSERT_TRUE(made) << made.error().ToString();
  }

  static void GiveAddress(const std::string& name, int family, const char* text, uint8_t prefix) {
    auto socket = NetlinkSocket::Open();
    ASSERT_TRUE(socket);
    const auto address = ParseIpAddress(family, text);
    ASSERT_TRUE(address);
    const Status added = AddAddress(*socket, static_cast<int>(if_nametoindex(name.c_str())),
                                    {.address = *address, .length = prefix}, std::nullopt);
    ASSERT_TRUE(added) << added.error().ToString();
  }

  Cloned init_;
  bool ended_ = false;
};

TEST_F(RunningNetworkTest, AFreshNetworkHasOnlyLoopback) {
  auto network = Network();
  ASSERT_TRUE(network) << network.error().ToString();
  EXPECT_THAT(network->Interfaces().value(), ElementsAre("lo"));
  EXPECT_THAT(network->Addresses({}).value(), IsEmpty());
}

TEST_F(RunningNetworkTest, ADeviceMovesInUnderItsNewNameAndBack) {
  MakePair("outer0", "moved0");
  auto network = Network();
  ASSERT_TRUE(network);
  const Status moved_in = network->MoveIn("moved0", "eth0");
  ASSERT_TRUE(moved_in) << moved_in.error().ToString();
  EXPECT_THAT(network->Interfaces().value(), ElementsAre("lo", "eth0"));
  EXPECT_EQ(if_nametoindex("moved0"), 0U);
  const Status moved_out = network->MoveOut("eth0", "back0");
  ASSERT_TRUE(moved_out) << moved_out.error().ToString();
  EXPECT_THAT(network->Interfaces().value(), ElementsAre("lo"));
  EXPECT_NE(if_nametoindex("back0"), 0U);
}

TEST_F(RunningNetworkTest, ARefusedMoveLeavesTheDeviceWhereItWas) {
  MakePair("outer0", "moved0");
  auto network = Network();
  ASSERT_TRUE(network);
  EXPECT_EQ(network->MoveIn("absent0", "eth0").error().code, ENODEV);
  EXPECT_EQ(network->MoveIn("moved0", "lo").error().code, EEXIST);
  EXPECT_EQ(network->MoveIn("moved0", "eth%d").error().code, EINVAL);
  EXPECT_EQ(network->MoveOut("absent0", "absent0").error().code, ENODEV);
  EXPECT_NE(if_nametoindex("moved0"), 0U);
  EXPECT_THAT(network->Interfaces().value(), ElementsAre("lo"));
}

TEST_F(RunningNetworkTest, AddressesAreChosenByInterfaceFamilyAndScope) {
  // The caller's own network stands for a container that shares it.
  MakePair("a0", "b0");
  GiveAddress("a0", AF_INET, "192.0.2.1", 24);
  GiveAddress("a0", AF_INET6, "2001:db8::1", 64);
  GiveAddress("a0", AF_INET6, "fe80::1", 64);
  GiveAddress("b0", AF_INET, "192.0.2.2", 24);
  auto self = OpenPidfd(getpid());
  ASSERT_TRUE(self);
  auto network = RunningNetwork::Open(*self, getpid());
  ASSERT_TRUE(network) << network.error().ToString();
  EXPECT_THAT(network->Addresses({}).value(),
              ::testing::UnorderedElementsAre("192.0.2.1", "192.0.2.2", "2001:db8::1"));
  EXPECT_THAT(network->Addresses({.interface = "a0", .family = AF_INET}).value(),
              ElementsAre("192.0.2.1"));
  EXPECT_THAT(network->Addresses({.family = AF_INET6, .scope = if_nametoindex("a0")}).value(),
              ElementsAre("fe80::1"));
  EXPECT_THAT(network->Addresses({.interface = "absent"}).value(), IsEmpty());
}

TEST_F(RunningNetworkTest, AnInitThatHasEndedIsAnError) {
  End();
  const auto network = Network();
  ASSERT_FALSE(network);
  EXPECT_THAT(network.error().code, ::testing::AnyOf(ESRCH, ENOENT));
}

}  // namespace
}  // namespace lxcspec::runtime
