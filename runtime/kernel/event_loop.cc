// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/event_loop.h"

#include <fmt/format.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace lxcspec::runtime {
namespace {

constexpr size_t kMostAtOnce = 32;

// An event of a descriptor that was closed and opened anew in the same round is not its own: the
// generation tells them apart.
uint64_t Tag(int fd, uint32_t generation) {
  return (uint64_t{generation} << 32) | static_cast<uint32_t>(fd);
}

itimerspec At(EventLoop::Clock::time_point time) {
  using std::chrono::nanoseconds;
  constexpr int64_t kSecond = 1'000'000'000;
  // All zeros would switch the timer off.
  const int64_t at = std::max<int64_t>(
      std::chrono::duration_cast<nanoseconds>(time.time_since_epoch()).count(), 1);
  return {.it_interval = {}, .it_value = {.tv_sec = at / kSecond, .tv_nsec = at % kSecond}};
}

}  // namespace

EventLoop::EventLoop(UniqueFd epoll, UniqueFd clock)
    : epoll_(std::move(epoll)), clock_(std::move(clock)) {}

Result<EventLoop> EventLoop::Create() {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return ErrnoFailure("epoll_create1()");
  // libstdc++'s steady clock is CLOCK_MONOTONIC. epoll_wait's own timeout knows no less than a
  // millisecond on older kernels.
  UniqueFd clock(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!clock.valid()) return ErrnoFailure("timerfd_create()");
  epoll_event event{.events = EPOLLIN, .data = {.u64 = Tag(clock.get(), 0)}};
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, clock.get(), &event) != 0) {
    return ErrnoFailure("epoll_ctl(timerfd)");
  }
  return EventLoop(std::move(epoll), std::move(clock));
}

Status EventLoop::Add(int fd, uint32_t events, OnEvents on_events) {
  const uint32_t generation = ++generations_;
  epoll_event event{.events = events, .data = {.u64 = Tag(fd, generation)}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return ErrnoFailure(fmt::format("epoll_ctl(ADD, {})", fd));
  }
  watches_[fd] = std::make_shared<Watch>(Watch{generation, std::move(on_events)});
  return {};
}

Status EventLoop::Change(int fd, uint32_t events) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return Failure(ENOENT, fmt::format("epoll_ctl(MOD, {})", fd));
  epoll_event event{.events = events, .data = {.u64 = Tag(fd, found->second->generation)}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0) {
    return ErrnoFailure(fmt::format("epoll_ctl(MOD, {})", fd));
  }
  return {};
}

void EventLoop::Remove(int fd) {
  if (watches_.erase(fd) > 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

EventLoop::TimerId EventLoop::After(std::chrono::nanoseconds delay, std::function<void()> on_time) {
  const TimerId timer(Clock::now() + delay, ++timers_made_);
  timers_.emplace(timer, std::move(on_time));
  return timer;
}

void EventLoop::Cancel(const TimerId& timer) { timers_.erase(timer); }

Status EventLoop::SetClock() {
  if (timers_.empty()) return {};
  const Clock::time_point first = timers_.begin()->first.first;
  if (clock_set_ && *clock_set_ <= first) return {};
  const itimerspec next = At(first);
  if (timerfd_settime(clock_.get(), TFD_TIMER_ABSTIME, &next, nullptr) != 0) {
    return ErrnoFailure("timerfd_settime()");
  }
  clock_set_ = first;
  return {};
}

void EventLoop::OnClock() {
  clock_set_.reset();
  // Unread, it would wake the loop again.
  uint64_t times = 0;
  [[maybe_unused]] const ssize_t size = read(clock_.get(), &times, sizeof(times));
}

void EventLoop::CallTimers() {
  const Clock::time_point now = Clock::now();
  // A callback may set the next timer, whose time has not come.
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    const auto on_time = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    on_time();
  }
}

Status EventLoop::RunOnce() {
  const uint64_t round = ++rounds_;
  TRY(SetClock());
  std::array<epoll_event, kMostAtOnce> events;
  const int count = epoll_wait(epoll_.get(), events.data(), events.size(), -1);
  if (count < 0 && errno != EINTR) return ErrnoFailure("epoll_wait()");
  // What a round within this one has handled is no longer so.
  for (int i = 0; i < count && rounds_ == round; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.u64 == Tag(clock_.get(), 0)) OnClock();
    const auto found = watches_.find(static_cast<int>(event.data.u64 & 0xffffffffU));
    if (found == watches_.end() || found->second->generation != event.data.u64 >> 32) continue;
    const std::shared_ptr<Watch> watch = found->second;
    watch->on_events(event.events);
  }
  CallTimers();
  return {};
}

}  // namespace lxcspec::runtime
