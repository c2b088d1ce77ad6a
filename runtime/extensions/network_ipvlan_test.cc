// SPDX-License-Identifier: Apache-2.0
//
// In a network namespace of the test's own.

#include "runtime/extensions/network_ipvlan.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <cerrno>

namespace lxcspec::runtime {
namespace {

// Not every kernel has them: there the refusal is the kernel's, and nothing is made.
TEST(NetworkIpvlanTest, EachModeAndIsolationIsMadeWhereTheKernelHasAny) {
  ASSERT_EQ(unshare(CLONE_NEWNET), 0);
  auto host = NetlinkSocket::Open();
  ASSERT_TRUE(host);
  ASSERT_TRUE(CreateVeth(*host, {.name = "dev0"}, {.name = "dev1"}));
  const int parent = FindLink(*host, "dev0")->index;
  for (const char* mode : {"l2", "l3", "l3s"}) {
    for (const char* isolation : {"bridge", "private", "vepa"}) {
      const Status made =
          CreateIpvlan(*host, parent, {.name = "ip0"}, {.mode = mode, .isolation = isolation});
      if (!made) {
        EXPECT_EQ(made.error().code, EOPNOTSUPP) << made.error().ToString();
        EXPECT_FALSE(FindLink(*host, "ip0"));
        continue;
      }
      const auto link = FindLink(*host, "ip0");
      ASSERT_TRUE(link);
      EXPECT_EQ(link->kind, "ipvlan");
      EXPECT_TRUE(DeleteLink(*host, link->index, "delete"));
    }
  }
}

}  // namespace
}  // namespace lxcspec::runtime
