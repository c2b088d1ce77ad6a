// SPDX-License-Identifier: Apache-2.0
//
// Matchers and assertions for Result and Status.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_MATCHERS_H_
#define LXCSPEC_CONFORMANCE_HARNESS_MATCHERS_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <type_traits>
#include <utility>

#include "conformance/posix/result.h"

namespace lxcspec {

MATCHER(Succeeds, negation ? "fails" : "succeeds") {
  static_cast<void>(result_listener);  // how a Result prints says it all
  return arg.has_value();
}

MATCHER(Fails, negation ? "does not fail" : "fails") {
  static_cast<void>(result_listener);
  return !arg.has_value();
}

// Fails, and reports this errno.
MATCHER_P(FailsWithErrno, code,
          std::string(negation ? "does not fail with " : "fails with ") + ErrnoName(code)) {
  static_cast<void>(result_listener);
  return !arg && arg.error().code == code;
}

// Succeeds with a value that matches.
template <typename Inner>
class SucceedsWithMatcher {
 public:
  explicit SucceedsWithMatcher(Inner inner) : inner_(std::move(inner)) {}

  template <typename R>
  operator ::testing::Matcher<R>() const {  // NOLINT(google-explicit-constructor): how gMock adapts
    return ::testing::Matcher<R>(new Impl<R>(inner_));
  }

 private:
  template <typename R>
  class Impl : public ::testing::MatcherInterface<R> {
   public:
    using Value = typename std::remove_cvref_t<R>::value_type;

    explicit Impl(const Inner& inner) : inner_(::testing::SafeMatcherCast<const Value&>(inner)) {}

    bool MatchAndExplain(R result, ::testing::MatchResultListener* listener) const override {
      return result && inner_.MatchAndExplain(*result, listener);
    }
    void DescribeTo(std::ostream* out) const override {
      *out << "succeeds with a value that ";
      inner_.DescribeTo(out);
    }
    void DescribeNegationTo(std::ostream* out) const override {
      *out << "fails, or succeeds with a value that ";
      inner_.DescribeNegationTo(out);
    }

   private:
    const ::testing::Matcher<const Value&> inner_;
  };

  Inner inner_;
};

template <typename Inner>
SucceedsWithMatcher<Inner> SucceedsWith(Inner inner) {
  return SucceedsWithMatcher<Inner>(std::move(inner));
}

}  // namespace lxcspec

// Declares or assigns `target` from a Result's value; a failed Result fails the test and ends it.
#define ASSERT_OK_AND_ASSIGN(target, expression) \
  ASSERT_OK_AND_ASSIGN_(LXCSPEC_CONCAT(asserted_, __COUNTER__), target, expression)
#define ASSERT_OK_AND_ASSIGN_(result, target, expression)                   \
  auto result = (expression);                                               \
  ASSERT_TRUE(result.has_value()) << #expression << ": " << result.error(); \
  target = *std::move(result)

#define ASSERT_OK(expression) ASSERT_THAT(expression, ::lxcspec::Succeeds())
#define EXPECT_OK(expression) EXPECT_THAT(expression, ::lxcspec::Succeeds())

namespace tl {

// How GoogleTest prints a Result.
template <typename T>
void PrintTo(const expected<T, ::lxcspec::Error>& result, std::ostream* out) {
  if (!result) {
    *out << "failed: " << result.error();
  } else if constexpr (std::is_void_v<T>) {
    *out << "success";
  } else {
    *out << "success: " << ::testing::PrintToString(*result);
  }
}

}  // namespace tl

#endif  // LXCSPEC_CONFORMANCE_HARNESS_MATCHERS_H_
