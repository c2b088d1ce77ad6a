// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/console/read_pace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace lxcspec::runtime {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

// A flood for a while, of which a read of either size brings so many bytes a microsecond; how many
// visits of the last thousand read with each size.
std::array<int, 2> Flood(ReadPace& pace, double small_speed, double large_speed) {
  std::array<int, 2> used{};
  nanoseconds now(1);
  for (int i = 0; i < 4000; ++i) {
    const bool is_large = pace.read_size() == ReadPace::kSizes[1];
    if (i >= 3000) ++used[is_large ? 1 : 0];
    const double speed = is_large ? large_speed : small_speed;
    now += nanoseconds(static_cast<int64_t>(65536 / speed * 1000));
    EXPECT_EQ(pace.NextPause(65536, now).count(), 0);
  }
  return used;
}

TEST(ReadPaceTest, FloodIsReadInTheSizeThatIsFaster) {
  ReadPace pace;
  EXPECT_GT(Flood(pace, 140, 90)[0], 900);
  ReadPace other;
  EXPECT_GT(Flood(other, 90, 140)[1], 900);
}

TEST(ReadPaceTest, SizeFollowsAChange) {
  ReadPace pace;
  Flood(pace, 140, 90);

  EXPECT_GT(Flood(pace, 90, 140)[1], 800);
}

TEST(ReadPaceTest, EqualSpeedIsReadInTheLargerSize) {
  ReadPace pace;

  EXPECT_GT(Flood(pace, 100, 100)[1], 900);
}

TEST(ReadPaceTest, TrickleIsWaitedForLongerAndLonger) {
  ReadPace pace;
  EXPECT_EQ(pace.NextPause(2, nanoseconds(1)).count(), 0);
  EXPECT_EQ(pace.NextPause(2, nanoseconds(2)), microseconds(200));
  EXPECT_EQ(pace.NextPause(40, nanoseconds(3)), microseconds(400));
  EXPECT_EQ(pace.NextPause(80, nanoseconds(4)), microseconds(800));
  EXPECT_EQ(pace.NextPause(160, nanoseconds(5)), microseconds(1600));
  EXPECT_EQ(pace.NextPause(320, nanoseconds(6)), microseconds(3200));
  EXPECT_EQ(pace.NextPause(640, nanoseconds(7)), microseconds(4000));
  // Between a quarter and half of a pty's memory is as full as it should become.
  EXPECT_EQ(pace.NextPause(1500, nanoseconds(8)), microseconds(4000));
  EXPECT_EQ(pace.NextPause(2500, nanoseconds(9)), microseconds(2000));
}

TEST(ReadPaceTest, LinesThatNearlyFillAPtyArePausedFor) {
  ReadPace pace;
  pace.NextPause(80, nanoseconds(1));
  pace.NextPause(80, nanoseconds(2));
  for (int i = 3; i < 100; ++i) {
    EXPECT_EQ(pace.NextPause(3000, nanoseconds(i)), microseconds(200));
  }
}

TEST(ReadPaceTest, SilenceAndFloodEndThePauses) {
  for (const uint64_t bytes : {uint64_t{0}, uint64_t{4096}}) {
    ReadPace pace;
    pace.NextPause(2, nanoseconds(1));
    pace.NextPause(2, nanoseconds(2));
    EXPECT_EQ(pace.NextPause(bytes, nanoseconds(3)).count(), 0);
    EXPECT_EQ(pace.NextPause(2, nanoseconds(4)).count(), 0);
  }
}

}  // namespace
}  // namespace lxcspec::runtime
