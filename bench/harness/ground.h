// SPDX-License-Identifier: Apache-2.0
//
// Where an implementation's containers are measured.

#ifndef LXCSPEC_BENCH_HARNESS_GROUND_H_
#define LXCSPEC_BENCH_HARNESS_GROUND_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "conformance/posix/result.h"
#include "conformance/testee/testee.h"

namespace lxcspec {

// A folder with a root file system that holds the payload (payload.cc) as /payload, gone with its
// owner, as are the cgroups that an implementation left behind.
class Ground {
 public:
  using Items = std::vector<std::pair<std::string, std::string>>;

  static Result<std::unique_ptr<Ground>> Create(const std::string& payload);
  Ground(const Ground&) = delete;
  Ground& operator=(const Ground&) = delete;
  ~Ground();

  std::string root() const { return folder_ + "/root"; }

  // A container without a network, with these items besides; any number of objects.
  Result<std::unique_ptr<Container>> NewContainer(Testee& testee, const Items& items = {}) const;

  // Sends the payload of the running container a command, and waits until it has carried it out.
  Status Ask(const std::string& command) const;

 private:
  explicit Ground(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
};

// The process that an init's end is reported to.
Result<pid_t> MonitorOf(pid_t init);

// What is the process's alone, in KiB, as /proc/<process>/smaps_rollup has it (proc_pid_smaps(5)).
struct PrivateMemory {
  // Of files, unchanged: the page cache's, counted as the process's while nobody else maps it.
  uint64_t clean = 0;
  // What is lost to everybody else.
  uint64_t dirty = 0;
};
Result<PrivateMemory> PrivateMemoryOf(pid_t process);

// How long the threads of a process have run, in nanoseconds, as their schedstat has it.
Result<uint64_t> CpuTime(pid_t process);

// Mounts and links of measured containers are nobody else's. For the whole process, once.
Status LeaveTheMachine();

}  // namespace lxcspec

#endif  // LXCSPEC_BENCH_HARNESS_GROUND_H_
