// SPDX-License-Identifier: Apache-2.0
// expect: clock_shift_conformance_test.cc:21: ClockTest.DISABLED_Later is disabled; remove it, or let it run

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

TYPED_TEST(ClockTest, DISABLED_Later) { COVERS(spec::clock::kNoUnit); }

}  // namespace
}  // namespace lxcspec
