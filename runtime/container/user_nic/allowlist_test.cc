// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/user_nic/allowlist.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(AllowlistTest, LinesAreReadInTheirOrder) {
  EXPECT_THAT(
      ParseAllowances("# who type bridge count\nalice veth br0 10\n@staff\tveth  br1 2 # two\n"
                      "\n   bob veth none 0\r\n"),
      ElementsAre(Allowance{"alice", "veth", "br0", 10}, Allowance{"@staff", "veth", "br1", 2},
                  Allowance{"bob", "veth", "none", 0}));
}

TEST(AllowlistTest, WhatIsNoLineAllowsNothing) {
  for (const char* line :
       {"alice veth br0", "alice veth br0 x", "alice veth br0 -1", "alice veth br0 1 2",
        "alice veth br0 0x10", "alice veth br0 9999999", "alice veth br0 +1", "#alice veth br0 1",
        "alice", "alice veth br0 #1"}) {
    EXPECT_THAT(ParseAllowances(line), IsEmpty()) << line;
  }
}

TEST(AllowlistTest, NamesAreWholeAndGroupsAreNoUsers) {
  const NicUser user{.id = 1000, .name = "alice", .groups = {"staff", "ali"}};
  EXPECT_TRUE(IsFor({.whose = "alice"}, user));
  EXPECT_TRUE(IsFor({.whose = "@staff"}, user));
  for (const char* other : {"alic", "alice2", "Alice", "staff", "@alice", "@staf", "@", ""}) {
    EXPECT_FALSE(IsFor({.whose = other}, user)) << other;
  }
}

TEST(AllowlistTest, OnlyRootsFileCounts) {
  const fs::path file = fs::temp_directory_path() / ("allowlist" + std::to_string(getpid()));
  std::ofstream(file) << "alice veth br0 1\n";
  ASSERT_EQ(chmod(file.c_str(), 0644), 0);
  EXPECT_EQ(ReadAllowances(file)->size(), 1U);
  ASSERT_EQ(chmod(file.c_str(), 0646), 0);
  EXPECT_EQ(ReadAllowances(file).error().code, EPERM);
  ASSERT_EQ(chmod(file.c_str(), 0664), 0);
  ASSERT_EQ(chown(file.c_str(), 0, 65534), 0);
  EXPECT_EQ(ReadAllowances(file).error().code, EPERM);
  ASSERT_EQ(chmod(file.c_str(), 0644), 0);
  ASSERT_EQ(chown(file.c_str(), 65534, 0), 0);
  EXPECT_EQ(ReadAllowances(file).error().code, EPERM);
  fs::remove(file);
  EXPECT_EQ(ReadAllowances(file).error().code, ENOENT);
  EXPECT_EQ(ReadAllowances("/dev/null").error().code, EPERM);
}

TEST(AllowlistTest, UsersAreThoseOfTheDatabase) {
  const auto root = FindNicUser(0);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->name, "root");
  EXPECT_THAT(root->groups, Contains("root"));
  EXPECT_EQ(FindNicUser(4'000'000'001).error().code, ENOENT);
}

}  // namespace
}  // namespace lxcspec::runtime
