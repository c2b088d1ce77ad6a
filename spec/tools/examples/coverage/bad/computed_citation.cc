// SPDX-License-Identifier: Apache-2.0
// expect: clock_shift_conformance_test.cc:22: COVERS of ClockTest.Computed must list constants, as spec::<extension>::k<Slug>

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

TYPED_TEST(ClockTest, Computed) {
  COVERS(Requirement(0));
}

}  // namespace
}  // namespace lxcspec
