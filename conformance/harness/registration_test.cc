// SPDX-License-Identifier: Apache-2.0
//
// Tests that are kept back until somebody asks for one. A main() of its own, because it looks at
// what GoogleTest knows before that runs anything.

#include "conformance/harness/registration.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace lxcspec {
namespace {

int ran = 0;

TEST(PlainTest, IsWanted) { ++ran; }
TEST(PlainTest, IsNotWanted) { FAIL() << "nobody registered this"; }

class ValueTest : public ::testing::TestWithParam<const char*> {};

TEST_P(ValueTest, IsWantedForOneValue) {
  EXPECT_STREQ(GetParam(), "second");
  ++ran;
}

INSTANTIATE_TEST_SUITE_P(All, ValueTest, ::testing::Values("first", "second"));

bool Knows(int count, const char* when) {
  const int known = ::testing::UnitTest::GetInstance()->total_test_count();
  if (known != count) fprintf(stderr, "%s: %d tests known, not %d\n", when, known, count);
  return known == count;
}

int Main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  bool is_good = Knows(0, "at first");
  RegisterTest("PlainTest.NoSuchTest");
  is_good = Knows(0, "after one that there is not") && is_good;
  RegisterTest("PlainTest.IsWanted");
  RegisterTest("All/ValueTest.IsWantedForOneValue/1");
  is_good = Knows(2, "after two") && is_good;
  return RUN_ALL_TESTS() == 0 && ran == 2 && is_good ? 0 : 1;
}

}  // namespace
}  // namespace lxcspec

int main(int argc, char** argv) { return lxcspec::Main(argc, argv); }
