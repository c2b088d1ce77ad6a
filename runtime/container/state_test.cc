// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/state.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace lxcspec::runtime {
namespace {

TEST(StateTest, NamesAreReadBack) {
  for (const char* name : kStateNames) {
    const auto state = ParseState(name);
    ASSERT_TRUE(state) << name;
    EXPECT_STREQ(StateName(*state), name);
  }
  EXPECT_EQ(ParseState("running"), std::nullopt);
}

TEST(StateTest, AListHasNamesWithBarsBetween) {
  const StateSet states = ParseStates("STOPPED|FROZEN").value();
  EXPECT_TRUE(Contains(states, State::kStopped));
  EXPECT_TRUE(Contains(states, State::kFrozen));
  EXPECT_FALSE(Contains(states, State::kRunning));
}

TEST(StateTest, AListWithAnUnknownNameOrNoneFailsWithEinval) {
  for (const char* names : {"", "|", "STOPPED|x", "STOPPED,FROZEN"}) {
    EXPECT_EQ(ParseStates(names).error().code, EINVAL) << names;
  }
}

}  // namespace
}  // namespace lxcspec::runtime
