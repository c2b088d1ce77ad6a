// SPDX-License-Identifier: Apache-2.0
//
// Waiting for facts, never for time. Every wait has a deadline, stretched by the machine's speed,
// and its failure says what was last seen.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_WAITING_H_
#define LXCSPEC_CONFORMANCE_HARNESS_WAITING_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/types.h>

#include <chrono>
#include <sstream>

#include "conformance/posix/result.h"

namespace lxcspec {

inline constexpr std::chrono::milliseconds kPatience{4000};

// A deadline on the monotonic clock.
class Deadline {
 public:
  explicit Deadline(std::chrono::milliseconds unscaled = kPatience);
  bool Passed() const;
  // Milliseconds left, at least 0: what poll(2) takes.
  int LeftMs() const;

 private:
  std::chrono::steady_clock::time_point at_;
};

// Waits until poll(2) reports `events` (or an error or hang-up) on the descriptor.
// Returns the events; fails with ETIMEDOUT.
Result<short> AwaitEvents(int fd, short events, std::chrono::milliseconds unscaled = kPatience);

// AwaitEvents for POLLIN; a pidfd is readable once its process has ended (pidfd_open(2)).
Result<short> AwaitReadable(int fd, std::chrono::milliseconds unscaled = kPatience);

// Waits until the process has ended, a child or not. A process that is gone already has ended.
Status AwaitExit(pid_t pid, std::chrono::milliseconds unscaled = kPatience);

// Lets other processes work between two looks at something that no descriptor announces.
void PauseBetweenLooks();

// Calls `look` until its value matches; on deadline the last value is in the assertion's message.
//   ASSERT_TRUE(Eventually([&] { return container->State(); }, StrEq("STOPPED")));
template <typename Look, typename M>
::testing::AssertionResult Eventually(Look look, M matcher,
                                      std::chrono::milliseconds unscaled = kPatience) {
  const Deadline deadline(unscaled);
  while (true) {
    const bool last_look = deadline.Passed();
    auto value = look();
    using Value = decltype(value);
    const auto typed = ::testing::SafeMatcherCast<const Value&>(matcher);
    ::testing::StringMatchResultListener listener;
    if (typed.MatchAndExplain(value, &listener)) return ::testing::AssertionSuccess();
    if (last_look) {
      auto failure = ::testing::AssertionFailure();
      failure << "waited for a value that ";
      std::ostringstream wanted;
      typed.DescribeTo(&wanted);
      failure << wanted.str() << "; last: " << ::testing::PrintToString(value);
      if (!listener.str().empty()) failure << ", " << listener.str();
      return failure;
    }
    PauseBetweenLooks();
  }
}

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_WAITING_H_
