// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <limits>
#include <utility>

#include "runtime/base/result.h"
#include "runtime/base/scope_exit.h"
#include "runtime/base/text.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Optional;

UniqueFd OpenNull() { return UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

TEST(UniqueFdTest, ClosesAtTheEndAndKeepsErrno) {
  int raw = -1;
  {
    UniqueFd fd = OpenNull();
    raw = fd.get();
    errno = ENODATA;
  }
  EXPECT_EQ(errno, ENODATA);
  EXPECT_EQ(fcntl(raw, F_GETFD), -1);
}

TEST(UniqueFdTest, MovingKeepsOneOwner) {
  UniqueFd from = OpenNull();
  const int raw = from.get();
  UniqueFd to = std::move(from);
  EXPECT_EQ(to.get(), raw);
  EXPECT_GE(fcntl(raw, F_GETFD), 0);
}

TEST(UniqueFdTest, WhatIsReleasedStaysOpen) {
  int raw = -1;
  {
    UniqueFd fd = OpenNull();
    raw = fd.Release();
    EXPECT_FALSE(fd.valid());
  }
  const UniqueFd owner(raw);
  EXPECT_GE(fcntl(raw, F_GETFD), 0);
}

TEST(ScopeExitTest, RunsUnlessCancelled) {
  int runs = 0;
  {
    ScopeExit undo([&] { ++runs; });
  }
  EXPECT_EQ(runs, 1);
  {
    ScopeExit undo([&] { ++runs; });
    undo.Cancel();
  }
  EXPECT_EQ(runs, 1);
}

Status Inner(bool fail) {
  if (fail) return Failure(EBUSY, "umount(/x)");
  return {};
}

Result<int> Outer(bool fail) {
  TRY(Inner(fail));
  return 1;
}

TEST(ResultTest, TryPassesTheErrorOn) {
  EXPECT_EQ(Outer(false).value(), 1);
  EXPECT_EQ(Outer(true).error().ToString(), "umount(/x): Device or resource busy");
}

TEST(TextTest, TrimsBlanks) {
  EXPECT_EQ(Trim(" \ta b\r\n"), "a b");
  EXPECT_EQ(Trim(" \t "), "");
}

TEST(TextTest, SplitsIntoWords) {
  EXPECT_THAT(Words(" a  b\tc "), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Words("a,b,,c", ","), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Words("  "), IsEmpty());
}

TEST(TextTest, ReadsUnsignedNumbersInThreeBases) {
  EXPECT_THAT(ParseUnsigned("42"), Optional(Eq(42u)));
  EXPECT_THAT(ParseUnsigned("0x2a"), Optional(Eq(42u)));
  EXPECT_THAT(ParseUnsigned("052"), Optional(Eq(42u)));
  EXPECT_THAT(ParseUnsigned("0"), Optional(Eq(0u)));
  EXPECT_THAT(ParseUnsigned("18446744073709551615"),
              Optional(Eq(std::numeric_limits<uint64_t>::max())));
}

TEST(TextTest, RefusesWhatIsNoNumber) {
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "1x", "0x", "08", "18446744073709551616"}) {
    EXPECT_EQ(ParseUnsigned(text), std::nullopt) << text;
  }
}

TEST(TextTest, ReadsSignedNumbersToTheirLimits) {
  EXPECT_THAT(ParseSigned("-9223372036854775808"),
              Optional(Eq(std::numeric_limits<int64_t>::min())));
  EXPECT_THAT(ParseSigned("9223372036854775807"),
              Optional(Eq(std::numeric_limits<int64_t>::max())));
  EXPECT_EQ(ParseSigned("9223372036854775808"), std::nullopt);
  EXPECT_EQ(ParseSigned("--1"), std::nullopt);
}

TEST(Text, OctalEscapesStandForCharacters) {
  EXPECT_EQ(UnescapeOctal("a\\040b\\134"), "a b\\");
  EXPECT_EQ(UnescapeOctal("\\08 \\04"), "\\08 \\04");
  EXPECT_EQ(UnescapeOctal(""), "");
}

}  // namespace
}  // namespace lxcspec::runtime
