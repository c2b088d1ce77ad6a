// SPDX-License-Identifier: Apache-2.0
//
// The job file: what the guest's init has to do, written into the image by image.py.

#ifndef LXCSPEC_VMTESTS_GUEST_JOB_H_
#define LXCSPEC_VMTESTS_GUEST_JOB_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/posix/result.h"

namespace lxcspec::guest {

inline constexpr char kJobPath[] = "/lxcspec/job.json";

// A fault that init commits when a test begins, so that the host's handling of it can be proved.
struct Sabotage {
  enum class Act {
    kNone,
    kPanic,   // crash the kernel
    kHang,    // stop every process and give no more sign of life
    kStall,   // stop every process but go on giving signs of life
    kSplat,   // make the kernel log a warning, and go on
    kReboot,  // reset the machine without a word
    kMemory,  // eat all memory, so that the kernel kills whoever else there is
  };
  Act act = Act::kNone;
  // The test at whose start record init acts.
  std::string test;
};

// How the controllers are laid out below /sys/fs/cgroup.
enum class CgroupLayout {
  kUnified,  // one cgroup2 hierarchy with all of them
  kHybrid,   // v1 hierarchies, and an empty cgroup2 at unified/
  kLegacy,   // v1 hierarchies alone
};

struct Job {
  CgroupLayout cgroup = CgroupLayout::kUnified;
  // Module files, in the order in which they are to be loaded.
  std::vector<std::string> modules;
  // The command whose end is the end of the guest; empty: boot, and power off.
  std::vector<std::string> command;
  std::vector<std::string> environment;
  // Whether the command has the console as its terminal, for a person, instead of a pipe to the
  // host.
  bool on_console = false;
  // The file that the command appends results to; what is in it at the start is not sent again.
  std::string results;
  int heartbeat_ms = 1000;
  Sabotage sabotage;
};

// Refuses what it does not know, so that an image and an init of different versions do not half
// work.
Result<Job> ParseJob(std::string_view text);

Result<Job> ReadJob(const std::string& path);

struct Start {
  std::string test;
  int iteration = 1;
};

// What a line of the results file announces as started, if it does.
std::optional<Start> ParseStart(std::string_view record);

}  // namespace lxcspec::guest

#endif  // LXCSPEC_VMTESTS_GUEST_JOB_H_
