// SPDX-License-Identifier: Apache-2.0
//
// Waits for descriptors and for moments in time, and calls who asked. For one thread.

#ifndef LXCSPEC_RUNTIME_KERNEL_EVENT_LOOP_H_
#define LXCSPEC_RUNTIME_KERNEL_EVENT_LOOP_H_

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;
  // Is told which of EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR, ... there are.
  using OnEvents = std::function<void(uint32_t events)>;
  // Two timers of the same moment are two.
  using TimerId = std::pair<Clock::time_point, uint64_t>;

  static Result<EventLoop> Create();

  // Watches a descriptor, level-triggered, until it is removed. The caller keeps it open as long.
  // EEXIST where it is watched already.
  Status Add(int fd, uint32_t events, OnEvents on_events);
  // Watches for other events; 0 leaves only EPOLLHUP and EPOLLERR.
  Status Change(int fd, uint32_t events);
  // Does nothing where the descriptor is not watched. Any callback may remove any descriptor, its
  // own included; before the descriptor is closed.
  void Remove(int fd);

  // Calls once, no earlier than after the delay.
  TimerId After(std::chrono::nanoseconds delay, std::function<void()> on_time);
  // Does nothing for a timer that has gone off.
  void Cancel(const TimerId& timer);

  // Waits for what happens next, and calls for all that has happened. A callback may call it too:
  // then what is left of the outer round is found anew in the next one.
  Status RunOnce();

 private:
  struct Watch {
    uint32_t generation;
    OnEvents on_events;
  };

  EventLoop(UniqueFd epoll, UniqueFd clock);

  // Lets the clock wake the loop for the first timer, or earlier.
  Status SetClock();
  void OnClock();
  void CallTimers();

  UniqueFd epoll_;
  UniqueFd clock_;
  // Behind pointers: a callback that removes itself must live to its end.
  std::map<int, std::shared_ptr<Watch>> watches_;
  std::map<TimerId, std::function<void()>> timers_;
  // When the clock goes off, if it does: often earlier than any timer that is left, because that
  // costs less than to set it anew for each.
  std::optional<Clock::time_point> clock_set_;
  uint32_t generations_ = 0;
  uint64_t rounds_ = 0;
  uint64_t timers_made_ = 0;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_EVENT_LOOP_H_
