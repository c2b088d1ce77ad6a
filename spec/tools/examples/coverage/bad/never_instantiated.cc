// SPDX-License-Identifier: Apache-2.0
// expect: clock_shift_conformance_test.cc:21: ShiftTest.Never never runs: no INSTANTIATE_TEST_SUITE_P of ShiftTest

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

TEST_P(ShiftTest, Never) { COVERS(spec::clock::kNoUnit); }

}  // namespace
}  // namespace lxcspec
