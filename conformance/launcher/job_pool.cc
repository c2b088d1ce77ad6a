// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/job_pool.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace lxcspec::launcher {

using Clock = std::chrono::steady_clock;

void JobPool::Add(std::unique_ptr<Job> job, OnDone on_done) {
  entries_.push_back({std::move(job), std::move(on_done)});
}

bool JobPool::Wait() {
  std::vector<pollfd> fds = {{.fd = interrupt_fd_, .events = POLLIN, .revents = 0}};
  auto next = Clock::time_point::max();
  for (const Entry& entry : entries_) {
    const auto own = entry.job->PollFds();
    fds.insert(fds.end(), own.begin(), own.end());
    next = std::min(next, entry.job->deadline());
  }
  int timeout = -1;
  if (next != Clock::time_point::max()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
    timeout = static_cast<int>(std::clamp<int64_t>(left, 0, 3600 * 1000));
  }
  if (poll(fds.data(), fds.size(), timeout) < 0) return true;  // EINTR: look again
  if (fds[0].revents != 0) return false;

  auto own = fds.begin() + 1;
  for (Entry& entry : entries_) {
    std::array<pollfd, Job::kPollFds> polled;
    std::copy_n(own, polled.size(), polled.begin());
    own += polled.size();
    entry.job->OnPolled(polled);
    if (!entry.job->done() && entry.job->deadline() <= Clock::now()) entry.job->OnDeadline();
  }
  // A finished job's slot is free before its callback may add another.
  std::vector<Entry> finished;
  for (Entry& entry : entries_) {
    if (entry.job->done()) finished.push_back(std::move(entry));
  }
  std::erase_if(entries_, [](const Entry& entry) { return !entry.job; });
  for (const Entry& entry : finished) entry.on_done(entry.job->facts());
  return true;
}

}  // namespace lxcspec::launcher
