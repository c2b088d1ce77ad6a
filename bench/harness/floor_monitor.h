// SPDX-License-Identifier: Apache-2.0
//
// The least for a container that outlives who starts it and is accounted for: floor_container.h's,
// and beside it a process that waits for its end, and two cgroups in each hierarchy, one for
// either, entered in the cheapest way there is: `tasks` of version 1 by the process itself,
// CLONE_INTO_CGROUP of version 2. Who started it may be gone when it ends, so that process removes
// the cgroups, its own too. No configuration, no lock, no console, no command socket.

#ifndef LXCSPEC_BENCH_HARNESS_FLOOR_MONITOR_H_
#define LXCSPEC_BENCH_HARNESS_FLOOR_MONITOR_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

#include "bench/harness/ground.h"
#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {

// A container of the floor with a monitor. Stop() it before it is gone.
class MonitoredFloor {
 public:
  // Runs `program`, a path in the root file system, and returns once it was executed.
  static Result<MonitoredFloor> Start(const std::string& root, const std::string& program);

  // Kills init, and waits until the monitor has removed the cgroups and ended.
  Status Stop();

  Result<PrivateMemory> MonitorMemory() const;

 private:
  explicit MonitoredFloor(UniqueFd monitor) : monitor_(std::move(monitor)) {}

  // Says init's process, and ends with the monitor.
  UniqueFd monitor_;
  pid_t init_ = -1;
};

}  // namespace lxcspec

#endif  // LXCSPEC_BENCH_HARNESS_FLOOR_MONITOR_H_
