// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/reboot2.h"

#include <gtest/gtest.h>

namespace lxcspec::runtime {
namespace {

using Outcome = RebootProgress::Outcome;

TEST(RebootProgressTest, TheNewInitRunsAfterTheOldOneHasLeft) {
  RebootProgress progress;
  EXPECT_EQ(progress.Observe("RUNNING"), Outcome::kPending);
  EXPECT_EQ(progress.Observe("STOPPING"), Outcome::kPending);
  EXPECT_EQ(progress.Observe("STARTING"), Outcome::kPending);
  EXPECT_EQ(progress.Observe("RUNNING"), Outcome::kRebooted);
}

TEST(RebootProgressTest, AThawIsNoReboot) {
  RebootProgress progress;
  for (const char* state : {"FREEZING", "FROZEN", "THAWED", "RUNNING"}) {
    EXPECT_EQ(progress.Observe(state), Outcome::kPending) << state;
  }
}

TEST(RebootProgressTest, AContainerThatStopsHasHalted) {
  RebootProgress progress;
  EXPECT_EQ(progress.Observe("STOPPING"), Outcome::kPending);
  EXPECT_EQ(progress.Observe("STOPPED"), Outcome::kHalted);
}

TEST(RebootProgressTest, AStartThatFailsHasHalted) {
  RebootProgress progress;
  progress.Observe("STARTING");
  EXPECT_EQ(progress.Observe("ABORTING"), Outcome::kPending);
  EXPECT_EQ(progress.Observe("STOPPED"), Outcome::kHalted);
}

TEST(RebootWaitsTest, OnlyZeroDoesNotWait) {
  EXPECT_FALSE(RebootWaits(0));
  EXPECT_TRUE(RebootWaits(1));
  EXPECT_TRUE(RebootWaits(-1));
  EXPECT_TRUE(RebootWaits(-5));
}

}  // namespace
}  // namespace lxcspec::runtime
