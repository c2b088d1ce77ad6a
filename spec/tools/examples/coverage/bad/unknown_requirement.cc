// SPDX-License-Identifier: Apache-2.0
// expect: clock_shift_conformance_test.cc:18: ClockTest.KeepsItsOffset cites spec::clock::kNoUnits, which is no requirement; did you mean 'spec::clock::kNoUnit'?

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
  COVERS(spec::clock::kKeepsOffset, spec::clock::kNoUnit, spec::clock::kNoUnits, spec::clock::kCannotShift);
}

}  // namespace
}  // namespace lxcspec
