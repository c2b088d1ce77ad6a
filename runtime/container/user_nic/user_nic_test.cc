// SPDX-License-Identifier: Apache-2.0
//
// In a network namespace of the test's own, which is the host to the users' processes.

#include "runtime/container/user_nic/user_nic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/pidfd.h"
#include "runtime/kernel/users_namespaces.h"

namespace lxcspec::runtime {
namespace {

using ::testing::HasSubstr;

const NicUser kAlice{.id = 65534, .name = "alice", .groups = {"staff"}};
const NicUser kBob{.id = 65533, .name = "bob", .groups = {"staff"}};

class UserNicTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    auto host = NetlinkSocket::Open();
    ASSERT_TRUE(host);
    host_ = *std::move(host);
    for (const char* name : {"br0", "br1"}) {
      ASSERT_TRUE(CreateLink(*host_, "bridge", 0, {.name = name, .mtu = 1400}, nullptr));
    }
    alices_.emplace(kAlice.id);
    bobs_.emplace(kBob.id);
  }

  NicRequest OnBridge(const std::string& bridge, const std::string& device = "eth0") const {
    return {.process = alices_->pid(), .bridge = bridge, .device = device};
  }

  Result<UserNic> Create(const std::string& allowances, const NicRequest& request,
                         const NicUser& user = kAlice) {
    return CreateUserNic(*host_, user, ParseAllowances(allowances), request);
  }

  size_t CountOfLinks() { return Links(*host_)->size(); }

  std::optional<NetlinkSocket> host_;
  std::optional<UsersNamespaces> alices_;
  std::optional<UsersNamespaces> bobs_;
};

TEST_F(UserNicTest, OneEndIsInsideAndTheOtherOneOnTheBridge) {
  const auto made = Create("alice veth br0 1", OnBridge("br0", "inner0"));
  ASSERT_TRUE(made) << made.error().ToString();

  const auto outer = FindLink(*host_, made->host_name);
  ASSERT_TRUE(outer);
  EXPECT_EQ(outer->index, made->host_index);
  EXPECT_EQ(outer->master, FindLink(*host_, "br0")->index);
  EXPECT_EQ(outer->mtu, 1400U);
  EXPECT_NE(outer->flags & IFF_UP, 0U);
  const auto pidfd = OpenPidfd(alices_->pid());
  ASSERT_TRUE(pidfd);
  auto inside = NetlinkSocket::OpenOf(*pidfd, alices_->pid());
  ASSERT_TRUE(inside) << inside.error().ToString();
  const auto inner = FindLink(*inside, "inner0");
  ASSERT_TRUE(inner);
  EXPECT_EQ(inner->index, made->index);
  EXPECT_EQ(inner->mtu, 1400U);
  EXPECT_EQ(made->ToString(), "inner0:" + std::to_string(inner->index) + ":" + outer->name + ":" +
                                  std::to_string(outer->index));
}

TEST_F(UserNicTest, WithoutABridgeItIsOnNone) {
  const auto made = Create("alice veth none 1", OnBridge("none"));
  ASSERT_TRUE(made) << made.error().ToString();
  EXPECT_EQ(FindLink(*host_, made->host_name)->master, 0);
}

TEST_F(UserNicTest, WhatIsNotAllowedIsRefused) {
  const size_t before = CountOfLinks();
  for (const char* allowances :
       {"", "bob veth br0 5", "alice veth br1 5", "alice phys br0 5", "@wheel veth br0 5",
        "alic veth br0 5", "alice2 veth br0 5", "alice veth br 5", "staff veth br0 5"}) {
    const auto made = Create(allowances, OnBridge("br0"));
    ASSERT_FALSE(made) << allowances;
    EXPECT_EQ(made.error().code, EPERM) << allowances;
    EXPECT_THAT(made.error().attempted, HasSubstr("alice is allowed nothing on br0"));
  }
  EXPECT_EQ(CountOfLinks(), before);
}

TEST_F(UserNicTest, NoMoreThanAllowedAreThereAtATime) {
  constexpr char kTwo[] = "alice veth br0 2\nalice veth br1 1\n";
  const auto first = Create(kTwo, OnBridge("br0", "a0"));
  ASSERT_TRUE(first);
  ASSERT_TRUE(Create(kTwo, OnBridge("br0", "a1")));
  EXPECT_EQ(Create(kTwo, OnBridge("br0", "a2")).error().code, EDQUOT);
  // Each bridge has its own.
  EXPECT_TRUE(Create(kTwo, OnBridge("br1", "a2")));
  // What is gone does not count.
  ASSERT_TRUE(DeleteLink(*host_, first->host_index, "delete"));
  EXPECT_TRUE(Create(kTwo, OnBridge("br0", "a3")));
  EXPECT_EQ(Create(kTwo, OnBridge("br0", "a4")).error().code, EDQUOT);
  EXPECT_EQ(Create("alice veth br0 0", OnBridge("br0", "a4")).error().code, EDQUOT);
}

TEST_F(UserNicTest, NetworksThatEndGiveTheirPlacesBack) {
  constexpr char kOne[] = "alice veth br0 1";
  const auto made = Create(kOne, OnBridge("br0"));
  ASSERT_TRUE(made);
  const auto pidfd = OpenPidfd(alices_->pid());
  ASSERT_TRUE(pidfd);
  auto inside = NetlinkSocket::OpenOf(*pidfd, alices_->pid());
  ASSERT_TRUE(inside);
  ASSERT_TRUE(DeleteLink(*inside, made->index, "delete"));
  EXPECT_TRUE(Create(kOne, OnBridge("br0")));
}

TEST_F(UserNicTest, AGroupSharesItsPlacesAndAUsersOwnComeFirst) {
  constexpr char kLines[] = "alice veth br0 1\n@staff veth br0 2\n";
  const NicRequest bobs{.process = bobs_->pid(), .bridge = "br0", .device = "b0"};
  ASSERT_TRUE(Create(kLines, OnBridge("br0", "a0")));
  ASSERT_TRUE(Create(kLines, OnBridge("br0", "a1")));
  ASSERT_TRUE(Create(kLines, bobs, kBob));
  EXPECT_EQ(Create(kLines, OnBridge("br0", "a2")).error().code, EDQUOT);
  EXPECT_EQ(
      Create(kLines, {.process = bobs_->pid(), .bridge = "br0", .device = "b1"}, kBob).error().code,
      EDQUOT);
}

TEST_F(UserNicTest, NetworksOfOthersAreRefusedWhetherOrNotTheyAreThere) {
  const size_t before = CountOfLinks();
  for (const pid_t process : {bobs_->pid(), getpid(), pid_t{1}, pid_t{0x3fffffff}}) {
    const auto made =
        Create("alice veth br0 5", {.process = process, .bridge = "br0", .device = "eth0"});
    ASSERT_FALSE(made) << process;
    EXPECT_EQ(made.error().code, EPERM);
    EXPECT_THAT(made.error().attempted, HasSubstr("has no network of alice's"));
  }
  EXPECT_EQ(CountOfLinks(), before);
}

TEST_F(UserNicTest, OnlyBridgesTakePorts) {
  ASSERT_TRUE(CreateVeth(*host_, {.name = "dev0"}, {.name = "dev1"}));
  const size_t before = CountOfLinks();
  EXPECT_THAT(Create("alice veth dev0 1", OnBridge("dev0")).error().attempted,
              HasSubstr("dev0 is no bridge"));
  EXPECT_EQ(Create("alice veth br9 1", OnBridge("br9")).error().code, ENODEV);
  EXPECT_EQ(CountOfLinks(), before);
}

TEST_F(UserNicTest, ANameThatIsTakenInsideLeavesNothing) {
  const size_t before = CountOfLinks();
  EXPECT_EQ(Create("alice veth br0 1", OnBridge("br0", "lo")).error().code, EEXIST);
  EXPECT_EQ(CountOfLinks(), before);
}

TEST_F(UserNicTest, OnlyOnesOwnAreDeleted) {
  const auto made = Create("@staff veth br0 5", OnBridge("br0"));
  ASSERT_TRUE(made);
  const auto refused = [&](const NicUser& user, const std::string& bridge,
                           const std::string& device) {
    return DeleteUserNic(*host_, user,
                         {.action = NicAction::kDelete, .bridge = bridge, .device = device})
               .error()
               .code == EPERM;
  };
  EXPECT_TRUE(refused(kBob, "br0", made->host_name));
  EXPECT_TRUE(refused(kAlice, "br1", made->host_name));
  for (const char* others : {"lo", "br0", "br1", "absent0"}) {
    EXPECT_TRUE(refused(kAlice, "br0", others)) << others;
  }
  EXPECT_TRUE(FindLink(*host_, made->host_name));
  EXPECT_TRUE(DeleteUserNic(
      *host_, kAlice, {.action = NicAction::kDelete, .bridge = "br0", .device = made->host_name}));
  EXPECT_EQ(FindLink(*host_, made->host_name).error().code, ENODEV);
}

TEST_F(UserNicTest, DevicesWithOtherWordsBesideTheirNamesCountForNobody) {
  ASSERT_TRUE(CreateVeth(*host_, {.name = "dev0"}, {.name = "dev1"}));
  const int device = FindLink(*host_, "dev0")->index;
  for (const char* alias : {"lxc-user-nic 65534 alice veth", "lxc-user-nic x alice veth br0",
                            "uplink", "lxc-user-nic 65534 alice veth br0 more"}) {
    ASSERT_TRUE(ChangeLink(*host_, device, {.alias = alias}, "alias"));
    EXPECT_EQ(DeleteUserNic(*host_, kAlice,
                            {.action = NicAction::kDelete, .bridge = "br0", .device = "dev0"})
                  .error()
                  .code,
              EPERM);
  }
  EXPECT_TRUE(Create("alice veth br0 1", OnBridge("br0")));
}

}  // namespace
}  // namespace lxcspec::runtime
