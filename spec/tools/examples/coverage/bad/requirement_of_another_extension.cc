// SPDX-License-Identifier: Apache-2.0
// expect: clock_shift_conformance_test.cc:18: ClockTest.KeepsItsOffset cites ring_log.stopped in the file of 'clock'

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
  COVERS(spec::clock::kKeepsOffset, spec::clock::kNoUnit, spec::ring_log::kStopped, spec::clock::kCannotShift);
}

}  // namespace
}  // namespace lxcspec
