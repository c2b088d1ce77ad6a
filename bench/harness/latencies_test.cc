// SPDX-License-Identifier: Apache-2.0

#include "bench/harness/latencies.h"

#include <gtest/gtest.h>

#include <chrono>

namespace lxcspec {
namespace {

TEST(LatenciesTest, APercentileIsWhatThatShareStaysBelow) {
  Latencies latencies;
  EXPECT_EQ(latencies.Percentile(0.5), 0);
  for (int i = 100; i > 0; --i) latencies.Add(std::chrono::microseconds(i));
  EXPECT_DOUBLE_EQ(latencies.Percentile(0), 1);
  EXPECT_DOUBLE_EQ(latencies.Percentile(0.5), 51);
  EXPECT_DOUBLE_EQ(latencies.Percentile(0.9), 90);
  EXPECT_DOUBLE_EQ(latencies.Percentile(0.99), 99);
  EXPECT_DOUBLE_EQ(latencies.Percentile(1), 100);
}

TEST(LatenciesTest, FewThatTakeLongDoNotMoveTheMiddle) {
  Latencies latencies;
  for (int i = 0; i < 98; ++i) latencies.Add(std::chrono::microseconds(10));
  for (int i = 0; i < 2; ++i) latencies.Add(std::chrono::milliseconds(1));
  EXPECT_DOUBLE_EQ(latencies.Percentile(0.5), 10);
  EXPECT_DOUBLE_EQ(latencies.Percentile(0.99), 1000);
}

}  // namespace
}  // namespace lxcspec
