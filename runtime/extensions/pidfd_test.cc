// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/pidfd.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "runtime/kernel/pidfd.h"

namespace lxcspec::runtime {
namespace {

TEST(PidfdsCanBeHadTest, SaysWhatTheKernelDoes) {
  const Status can = PidfdsCanBeHad();
  EXPECT_EQ(can.has_value(), HasPidfds());
  EXPECT_TRUE(can || can.error().code == ENOSYS);
}

}  // namespace
}  // namespace lxcspec::runtime
