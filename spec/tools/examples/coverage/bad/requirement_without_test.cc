// SPDX-License-Identifier: Apache-2.0
// expect: spec/extensions/clock.md:59: 'clock.cannot_shift' has no test: no COVERS(spec::clock::kCannotShift)

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
  COVERS(spec::clock::kKeepsOffset, spec::clock::kNoUnit);
}

}  // namespace
}  // namespace lxcspec
