// SPDX-License-Identifier: Apache-2.0
// expect: clock_shift_conformance_test.cc:6: a macro that makes tests hides what they cover

#include "conformance/harness/covers.h"

#define SHIFT(name) \
  TEST(ShiftTest, name) { COVERS(spec::clock::kNoUnit); }

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

}  // namespace
}  // namespace lxcspec
