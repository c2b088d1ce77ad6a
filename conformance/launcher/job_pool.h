// SPDX-License-Identifier: Apache-2.0
//
// Waits for several jobs at once.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_JOB_POOL_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_JOB_POOL_H_

#include <functional>
#include <memory>
#include <vector>

#include "conformance/launcher/job.h"

namespace lxcspec::launcher {

class JobPool {
 public:
  using OnDone = std::function<void(const ProcessFacts&)>;

  // `interrupt_fd` becomes readable when the run is to stop.
  explicit JobPool(int interrupt_fd) : interrupt_fd_(interrupt_fd) {}

  size_t size() const { return entries_.size(); }

  // Calls `on_done` from Wait() once, when nothing of the job runs any more.
  void Add(std::unique_ptr<Job> job, OnDone on_done);

  // Waits until something happened to a job or its deadline is over. Returns false when
  // interrupted.
  bool Wait();

 private:
  struct Entry {
    std::unique_ptr<Job> job;
    OnDone on_done;
  };

  int interrupt_fd_;
  std::vector<Entry> entries_;
};

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_JOB_POOL_H_
