// SPDX-License-Identifier: Apache-2.0
// expect: clock_shift_conformance_test.cc:23: COVERS may only be the first statement of a test

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

TYPED_TEST(ClockTest, Late) {
  COVERS(spec::clock::kNoUnit);
  COVERS(spec::clock::kNoUnit);
}

}  // namespace
}  // namespace lxcspec
