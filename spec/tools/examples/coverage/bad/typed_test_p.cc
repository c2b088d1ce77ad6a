// SPDX-License-Identifier: Apache-2.0
// expect: clock_shift_conformance_test.cc:21: write TYPED_TEST instead of TYPED_TEST_P

#include "conformance/harness/covers.h"

namespace lxcspec {
namespace {

template <typename T>
class ClockTest : public ::testing::Test {};
TYPED_TEST_SUITE(ClockTest, Clocks);

TYPED_TEST(ClockTest, AnswersTrue) {
  COVERS(spec::clock::kAnnounced);
}

TYPED_TEST(ClockTest, KeepsItsOffset) {
  COVERS(spec::clock::kKeepsOffset, spec::clock::kNoUnit, spec::clock::kCannotShift);
}

TYPED_TEST_P(ShiftTest, Typed) {}

}  // namespace
}  // namespace lxcspec
