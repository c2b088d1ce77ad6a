// SPDX-License-Identifier: Apache-2.0
// expect: clock_shift_conformance_test.cc:22: a test inside the #if of line 21: a build without it would lose the test unseen

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

#if HAVE_CLOCK
TEST(ShiftTest, Sometimes) { COVERS(spec::clock::kNoUnit); }
#endif

}  // namespace
}  // namespace lxcspec
