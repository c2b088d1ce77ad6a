// SPDX-License-Identifier: Apache-2.0
//
// Freezes and thaws a cgroup without waiting for it: a process that the kernel cannot freeze now
// may take for ever, and the monitor has more to do.

#ifndef LXCSPEC_RUNTIME_CONTAINER_FREEZING_H_
#define LXCSPEC_RUNTIME_CONTAINER_FREEZING_H_

#include <chrono>
#include <functional>
#include <optional>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/kernel/cgroup.h"
#include "runtime/kernel/event_loop.h"

namespace lxcspec::runtime {

class Freezing {
 public:
  using OnEnd = std::function<void(const Status&)>;

  // The loop outlives it.
  explicit Freezing(EventLoop& loop) : loop_(loop) {}
  Freezing(const Freezing&) = delete;
  Freezing& operator=(const Freezing&) = delete;
  ~Freezing();

  // Freezes or thaws what is in the cgroup and below, and calls once: when it is so, maybe at once;
  // with what failed; or with ETIMEDOUT, after which all of it is thawed again. What was going on
  // ends first, with ECANCELED. The cgroup lives until then.
  void Begin(const Cgroup& cgroup, bool frozen, std::chrono::milliseconds patience, OnEnd on_end);

  // What is going on ends, with ECANCELED. The cgroup stays as it is.
  void Cancel();

 private:
  void Look();
  void End(const Status& status);

  EventLoop& loop_;
  const Cgroup* cgroup_ = nullptr;
  bool frozen_ = false;
  // Null while nothing is going on.
  OnEnd on_end_;
  UniqueFd state_;
  // Whether nobody tells of changes.
  bool glances_ = false;
  std::optional<EventLoop::TimerId> glance_;
  std::optional<EventLoop::TimerId> deadline_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_FREEZING_H_
