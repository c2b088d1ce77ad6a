// SPDX-License-Identifier: Apache-2.0
// expect: clock_shift_conformance_test.cc:17: the first statement of ClockTest.KeepsItsOffset must be COVERS(spec::<extension>::k<Slug>);

#include "conformance/harness/covers.h"

namespace lxcspec {
namespace {

template <typename T>
class ClockTest : public ::testing::Test {};
TYPED_TEST_SUITE(ClockTest, Clocks);

TYPED_TEST(ClockTest, AnswersTrue) {
  COVERS(spec::clock::kAnnounced);
}

TYPED_TEST(ClockTest, KeepsItsOffset) {}

TYPED_TEST(ClockTest, Again) {
  COVERS(spec::clock::kKeepsOffset, spec::clock::kNoUnit, spec::clock::kCannotShift);
}

}  // namespace
}  // namespace lxcspec
