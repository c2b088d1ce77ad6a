// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/covers.h"

#ifndef RING_SIZE
#define RING_SIZE 1'000
#endif
#define NOTHING(x)  // TEST(Not, ATest) {

namespace lxcspec {
namespace {

// TEST(RingLogTest, InAComment) {
/* TEST(RingLogTest, InABlockComment) {
   COVERS(spec::ring_log::kNothing); } */
constexpr char kQuote = '"';
constexpr const char* kText = "TEST(RingLogTest, InAString) { \" COVERS(";
constexpr const char* kRaw = R"raw(
TEST(RingLogTest, InARawString) { ")" COVERS(spec::ring_log::kNothing);
)raw";

class RingLogTest : public ::testing::Test {};

TEST_F(RingLogTest, AnswersTrue) {
  COVERS(spec::ring_log::kAnnounced);
  EXPECT_EQ(kQuote, '\'');
}

TEST_F(
    RingLogTest,
    KeepsTheTail) {
  // A comment is no statement.
  COVERS(spec::ring_log::kKeepsTail,
         spec::ring_log::kStopped);
  EXPECT_TRUE(kText != kRaw);
}

class RingSizeTest : public ::testing::TestWithParam<int> {};

TEST_P(RingSizeTest, NoSizeIsRefused) {
  COVERS(::lxcspec::spec::ring_log::kNoSize);
  EXPECT_LE(GetParam(), 1'0.5e+1);
}

INSTANTIATE_TEST_SUITE_P(Sizes, RingSizeTest, ::testing::Values(0, -1));

}  // namespace
}  // namespace lxcspec
