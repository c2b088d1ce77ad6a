// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <vector>

namespace lxcspec::runtime {
namespace {

using std::chrono::milliseconds;

struct Pipe {
  Pipe() {
    std::array<int, 2> fds;
    EXPECT_EQ(pipe2(fds.data(), O_CLOEXEC | O_NONBLOCK), 0);
    read = UniqueFd(fds[0]);
    write = UniqueFd(fds[1]);
  }
  void Put() const { EXPECT_EQ(::write(write.get(), "x", 1), 1); }

  UniqueFd read;
  UniqueFd write;
};

TEST(EventLoopTest, CallsForADescriptorThatIsReadable) {
  EventLoop loop = EventLoop::Create().value();
  Pipe pipe;
  uint32_t seen = 0;
  ASSERT_TRUE(loop.Add(pipe.read.get(), EPOLLIN, [&](uint32_t events) { seen = events; }));

  pipe.Put();
  ASSERT_TRUE(loop.RunOnce());

  EXPECT_EQ(seen, EPOLLIN);
}

TEST(EventLoopTest, ACallbackMayRemoveItselfAndOthersOfTheSameRound) {
  EventLoop loop = EventLoop::Create().value();
  Pipe one;
  Pipe two;
  int calls = 0;
  const auto remove_both = [&](uint32_t) {
    ++calls;
    loop.Remove(one.read.get());
    loop.Remove(two.read.get());
  };
  ASSERT_TRUE(loop.Add(one.read.get(), EPOLLIN, remove_both));
  ASSERT_TRUE(loop.Add(two.read.get(), EPOLLIN, remove_both));
  one.Put();
  two.Put();

  ASSERT_TRUE(loop.RunOnce());

  EXPECT_EQ(calls, 1);
}

TEST(EventLoopTest, ADescriptorOfTheSameNumberGetsNoEventsOfItsPredecessor) {
  EventLoop loop = EventLoop::Create().value();
  Pipe one;
  Pipe two;
  Pipe quiet;
  int calls_of_new = 0;
  // Whichever of the two comes first replaces the other by a descriptor that has nothing to read.
  const auto replace = [&](int fd) {
    loop.Remove(fd);
    ASSERT_EQ(dup3(quiet.read.get(), fd, O_CLOEXEC), fd);
    ASSERT_TRUE(loop.Add(fd, EPOLLIN, [&](uint32_t) { ++calls_of_new; }));
  };
  ASSERT_TRUE(loop.Add(one.read.get(), EPOLLIN, [&](uint32_t) { replace(two.read.get()); }));
  ASSERT_TRUE(loop.Add(two.read.get(), EPOLLIN, [&](uint32_t) { replace(one.read.get()); }));
  one.Put();
  two.Put();

  ASSERT_TRUE(loop.RunOnce());

  EXPECT_EQ(calls_of_new, 0);
}

TEST(EventLoopTest, WatchingTheSameDescriptorTwiceFailsWithEexist) {
  EventLoop loop = EventLoop::Create().value();
  Pipe pipe;
  ASSERT_TRUE(loop.Add(pipe.read.get(), EPOLLIN, [](uint32_t) {}));
  EXPECT_EQ(loop.Add(pipe.read.get(), EPOLLIN, [](uint32_t) {}).error().code, EEXIST);
}

TEST(EventLoopTest, ChangedInterestCounts) {
  EventLoop loop = EventLoop::Create().value();
  Pipe quiet;
  Pipe pipe;
  int calls = 0;
  ASSERT_TRUE(loop.Add(quiet.read.get(), EPOLLIN, [&](uint32_t) { ++calls; }));
  ASSERT_TRUE(loop.Change(quiet.read.get(), 0));
  quiet.Put();
  ASSERT_TRUE(loop.Add(pipe.read.get(), EPOLLIN, [](uint32_t) {}));
  pipe.Put();

  ASSERT_TRUE(loop.RunOnce());

  EXPECT_EQ(calls, 0);
  EXPECT_EQ(loop.Change(pipe.write.get(), EPOLLOUT).error().code, ENOENT);
}

TEST(EventLoopTest, TimersGoOffInTheirOrderAndNotTooEarly) {
  EventLoop loop = EventLoop::Create().value();
  std::vector<int> order;
  const auto start = EventLoop::Clock::now();
  loop.After(milliseconds(2), [&] { order.push_back(2); });
  loop.After(milliseconds(1), [&] { order.push_back(1); });
  const auto cancelled = loop.After(milliseconds(1), [&] { order.push_back(3); });
  loop.Cancel(cancelled);

  while (order.size() < 2) ASSERT_TRUE(loop.RunOnce());

  EXPECT_EQ(order, (std::vector{1, 2}));
  EXPECT_GE(EventLoop::Clock::now() - start, milliseconds(2));
}

TEST(EventLoopTest, ATimerMaySetTheNext) {
  EventLoop loop = EventLoop::Create().value();
  int rounds = 0;
  std::function<void()> again = [&] {
    if (++rounds < 3) loop.After(std::chrono::microseconds(100), again);
  };
  loop.After(std::chrono::nanoseconds(0), again);

  while (rounds < 3) ASSERT_TRUE(loop.RunOnce());

  EXPECT_EQ(rounds, 3);
}

TEST(EventLoopTest, ACallbackMayRunTheLoopAndNothingIsCalledForTwice) {
  EventLoop loop = EventLoop::Create().value();
  Pipe one;
  Pipe two;
  int calls = 0;
  const auto take = [&](const Pipe& pipe) {
    char byte = 0;
    EXPECT_EQ(read(pipe.read.get(), &byte, 1), 1);
    if (++calls == 1) {
      EXPECT_TRUE(loop.RunOnce());
    }
  };
  ASSERT_TRUE(loop.Add(one.read.get(), EPOLLIN, [&](uint32_t) { take(one); }));
  ASSERT_TRUE(loop.Add(two.read.get(), EPOLLIN, [&](uint32_t) { take(two); }));
  one.Put();
  two.Put();

  ASSERT_TRUE(loop.RunOnce());

  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace lxcspec::runtime
