// SPDX-License-Identifier: Apache-2.0
// expect: ring_log_conformance_test.cc:24: RingLogTest.AnswersTrue is already the test at clock_shift_conformance_test.cc:21

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

TEST(RingLogTest, AnswersTrue) { COVERS(spec::clock::kAnnounced); }

}  // namespace
}  // namespace lxcspec
