// SPDX-License-Identifier: Apache-2.0
//
// Calls that are taken, and the wait for those that are gone.

#include "runtime/kernel/seccomp/notify.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <cerrno>
#include <cstdint>
#include <optional>

#include "runtime/kernel/seccomp/filtered_callers.h"

namespace lxcspec::runtime {
namespace {

uint32_t Polled(const UniqueFd& listener) {
  pollfd entry{.fd = listener.get(), .events = POLLIN, .revents = 0};
  EXPECT_GE(poll(&entry, 1, 0), 0);
  return static_cast<uint32_t>(entry.revents);
}

TEST(ListenerTest, LastCallerHasGoneWhenTheListenerHangsUp) {
  auto callers = FilteredCallers::Start();
  ASSERT_TRUE(callers);
  EXPECT_FALSE(HasLastCallerGone(Polled(callers->listener())));
  callers->End();
  EXPECT_TRUE(HasLastCallerGone(Polled(callers->listener())));
}

TEST(ListenerTest, PollThatASignalInterruptedSaysNothingOfCallers) {
  EXPECT_FALSE(HasLastCallerGone(POLLERR));
  EXPECT_TRUE(HasLastCallerGone(POLLERR | POLLHUP));
}

// A wait that does not end is this test's end.
TEST(CallReaderTest, WaitForACallThatSomebodyElseHasTakenEndsSoon) {
  auto callers = FilteredCallers::Start();
  ASSERT_TRUE(callers);
  auto reader = CallReader::Create();
  ASSERT_TRUE(reader) << reader.error().ToString();
  // The first one finds the timer off, others on.
  for (int i = 0; i < 5; ++i) {
    const auto next = reader->Next(callers->listener());
    ASSERT_TRUE(next) << next.error().ToString();
    EXPECT_EQ(*next, nullptr);
  }
}

TEST(CallReaderTest, EachCallIsTakenWhetherTheTimerIsOnOrOff) {
  auto callers = FilteredCallers::Start();
  ASSERT_TRUE(callers);
  auto reader = CallReader::Create();
  ASSERT_TRUE(reader);
  for (uint64_t argument = 1; argument <= 50; ++argument) {
    ASSERT_TRUE(callers->Call(argument));
    const seccomp_notif* call = nullptr;
    while (call == nullptr) {
      const auto next = reader->Next(callers->listener());
      ASSERT_TRUE(next) << next.error().ToString();
      call = *next;
    }
    EXPECT_EQ(call->data.args[0], argument);
    EXPECT_EQ(call->flags, 0U);
    ASSERT_TRUE(AnswerCall(callers->listener(), {.id = call->id, .val = 0, .error = -EDOM},
                           reader->sizes()));
    std::optional<FilteredCallers::Outcome> outcome;
    while (!outcome) outcome = callers->Returned();
    EXPECT_EQ(outcome->argument, argument);
    EXPECT_EQ(outcome->result, -EDOM);
  }
}

TEST(CallReaderTest, ReaderThatIsGoneLeavesNoAlarm) {
  auto callers = FilteredCallers::Start();
  ASSERT_TRUE(callers);
  for (int i = 0; i < 3; ++i) {
    auto reader = CallReader::Create();
    ASSERT_TRUE(reader);
    const auto next = reader->Next(callers->listener());
    ASSERT_TRUE(next);
    EXPECT_EQ(*next, nullptr);
  }
}

}  // namespace
}  // namespace lxcspec::runtime
