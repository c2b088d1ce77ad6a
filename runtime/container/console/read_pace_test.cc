// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/console/read_pace.h"

#include <gtest/gtest.h>

#include <map>

namespace lxcspec::runtime {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

// What one way costs: megabytes a second, and a second of processor time.
struct Cost {
  double speed;
  double processor_speed;
};

class ReadPaceTest : public testing::Test {
 protected:
  static constexpr uint64_t kVisit = 65536;

  // A flood for so many visits; how many of the last thousand read in each way.
  std::map<ReadPace::Way, int> Flood(const Cost& small, const Cost& large, int visits = 8010) {
    std::map<ReadPace::Way, int> used;
    for (int i = 0; i < visits; ++i) {
      const Cost& cost = pace_.way() == ReadPace::Way::kSmall ? small : large;
      if (i >= visits - 1000) ++used[pace_.way()];
      time_ += Nanoseconds(kVisit, cost.speed);
      processor_time_ += Nanoseconds(kVisit, cost.processor_speed);
      EXPECT_EQ(pace_.NextPause(kVisit).count(), 0);
    }
    return used;
  }

  static nanoseconds Nanoseconds(uint64_t bytes, double megabytes_a_second) {
    return nanoseconds(
        static_cast<int64_t>(static_cast<double>(bytes) * 1000 / megabytes_a_second));
  }

  nanoseconds time_{1};
  nanoseconds processor_time_{1};
  ReadPace pace_{[this] { return time_; }, [this] { return processor_time_; }};
};

TEST_F(ReadPaceTest, FloodIsReadInTheWayThatIsFaster) {
  EXPECT_GT(Flood({140, 200}, {90, 200})[ReadPace::Way::kSmall], 900);
}

TEST_F(ReadPaceTest, FloodIsReadInTheWayThatIsCheaper) {
  EXPECT_GT(Flood({100, 150}, {100, 200})[ReadPace::Way::kLarge], 900);
}

TEST_F(ReadPaceTest, AGainOfSpeedIsNotWorthALargerLossOfProcessorTime) {
  EXPECT_GT(Flood({110, 100}, {100, 200})[ReadPace::Way::kLarge], 900);
}

TEST_F(ReadPaceTest, WayFollowsAChange) {
  Flood({140, 200}, {90, 200});

  EXPECT_GT(Flood({90, 200}, {140, 200})[ReadPace::Way::kLarge], 900);
}

TEST_F(ReadPaceTest, AnotherFloodIsMeasuredAnew) {
  Flood({140, 200}, {90, 200});
  time_ += std::chrono::milliseconds(10);
  Flood({90, 200}, {140, 200}, 20);

  EXPECT_EQ(pace_.way(), ReadPace::Way::kLarge);
}

TEST_F(ReadPaceTest, EqualWorthIsReadInLargeReads) {
  EXPECT_GT(Flood({100, 200}, {100, 200})[ReadPace::Way::kLarge], 900);
}

TEST_F(ReadPaceTest, AMachineThatSlowsDownChangesNoVerdict) {
  Flood({140, 200}, {100, 200});
  // As if the small reads had become worse than the large ones were before.
  EXPECT_GT(Flood({70, 100}, {50, 100}, 1000)[ReadPace::Way::kSmall], 900);
}

TEST_F(ReadPaceTest, SmallReadsFollowEachOtherUntilNothingIsLeft) {
  EXPECT_FALSE(pace_.ReadsOn(ReadPace::kLargeRead - 1));
  EXPECT_TRUE(pace_.ReadsOn(ReadPace::kLargeRead));
  Flood({140, 200}, {90, 200});

  ASSERT_EQ(pace_.way(), ReadPace::Way::kSmall);
  EXPECT_EQ(pace_.read_size(), ReadPace::kSmallRead);
  EXPECT_TRUE(pace_.ReadsOn(1));
  EXPECT_FALSE(pace_.ReadsOn(0));
}

TEST_F(ReadPaceTest, SmallReadsAreNotPausedBetween) {
  Flood({140, 200}, {90, 200});
  ASSERT_EQ(pace_.way(), ReadPace::Way::kSmall);

  for (int i = 0; i < 10; ++i) EXPECT_EQ(pace_.NextPause(80).count(), 0);
}

TEST_F(ReadPaceTest, TrickleIsReadInLargeReads) {
  Flood({140, 200}, {90, 200});
  ASSERT_EQ(pace_.way(), ReadPace::Way::kSmall);
  for (int i = 0; i < 10; ++i) {
    time_ += std::chrono::milliseconds(10);
    pace_.NextPause(80);
  }

  EXPECT_EQ(pace_.way(), ReadPace::Way::kLarge);
  EXPECT_GT(pace_.NextPause(80).count(), 0);
}

TEST_F(ReadPaceTest, TrickleIsWaitedForLongerAndLonger) {
  EXPECT_EQ(pace_.NextPause(2).count(), 0);
  EXPECT_EQ(pace_.NextPause(2), microseconds(200));
  EXPECT_EQ(pace_.NextPause(40), microseconds(400));
  EXPECT_EQ(pace_.NextPause(80), microseconds(800));
  EXPECT_EQ(pace_.NextPause(160), microseconds(1600));
  EXPECT_EQ(pace_.NextPause(320), microseconds(3200));
  EXPECT_EQ(pace_.NextPause(640), microseconds(4000));
  // Between a quarter and half of a pty's memory is as full as it should become.
  EXPECT_EQ(pace_.NextPause(1500), microseconds(4000));
  EXPECT_EQ(pace_.NextPause(2500), microseconds(2000));
}

TEST_F(ReadPaceTest, LinesThatNearlyFillAPtyArePausedFor) {
  pace_.NextPause(80);
  pace_.NextPause(80);
  for (int i = 3; i < 100; ++i) EXPECT_EQ(pace_.NextPause(3000), microseconds(200));
}

TEST_F(ReadPaceTest, FullPtyIsReadOnAtOnceAndThenPausedForShortly) {
  for (const uint64_t bytes : {2, 2, 2, 2}) pace_.NextPause(bytes);

  EXPECT_EQ(pace_.NextPause(4096).count(), 0);
  EXPECT_EQ(pace_.NextPause(1500), microseconds(200));
}

TEST_F(ReadPaceTest, SilenceEndsThePauses) {
  pace_.NextPause(2);
  pace_.NextPause(2);

  EXPECT_EQ(pace_.NextPause(0).count(), 0);
  EXPECT_EQ(pace_.NextPause(2).count(), 0);
}

}  // namespace
}  // namespace lxcspec::runtime
