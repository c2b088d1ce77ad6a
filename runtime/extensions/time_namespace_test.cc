// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/time_namespace.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace lxcspec::runtime {
namespace {

std::string Planned(const TimeOffsets& offsets) {
  return PlanTimeOffsets(offsets, TimeNamespaceUse::kOwn).value_or("refused");
}

TEST(TimeNamespaceTest, EachClockHasItsLine) {
  EXPECT_EQ(Planned({.boot = "2h", .monotonic = "-1ms"}),
            "monotonic -1 999000000\nboottime 7200 0\n");
  EXPECT_EQ(Planned({.boot = "90m", .monotonic = ""}), "boottime 5400 0\n");
  EXPECT_EQ(Planned({}), "");
}

TEST(TimeNamespaceTest, PartsOfSecondsAreCarried) {
  EXPECT_EQ(Planned({.boot = "1500ms", .monotonic = ""}), "boottime 1 500000000\n");
  EXPECT_EQ(Planned({.boot = "-2000001us", .monotonic = ""}), "boottime -3 999999000\n");
  EXPECT_EQ(Planned({.boot = "-1000000000ns", .monotonic = ""}), "boottime -1 0\n");
}

TEST(TimeNamespaceTest, ANamespaceOfOthersHasNoOffsets) {
  for (const TimeNamespaceUse use : {TimeNamespaceUse::kKept, TimeNamespaceUse::kShared}) {
    const auto planned = PlanTimeOffsets({.boot = "1s", .monotonic = ""}, use);
    ASSERT_FALSE(planned);
    EXPECT_EQ(planned.error().code, EINVAL);
    EXPECT_EQ(PlanTimeOffsets({}, use), "");
  }
}

}  // namespace
}  // namespace lxcspec::runtime
