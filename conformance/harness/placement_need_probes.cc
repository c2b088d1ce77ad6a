// SPDX-License-Identifier: Apache-2.0
//
// The probes of where a container's processes and files are put: in time, on cores, among owners.

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>

#include "conformance/harness/child.h"
#include "conformance/harness/mappable_folder.h"
#include "conformance/harness/need_probes.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

constexpr int kCloneNewTime = 0x80;
constexpr int kSchedCore = 62;
constexpr unsigned long kSchedCoreGet = 0;
constexpr unsigned long kSchedCoreCreate = 1;
constexpr unsigned long kOneThread = 0;

Status WriteWhole(const std::string& path, const std::string& text) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return FailErrno(fmt::format("open({})", path));
  if (write(file.get(), text.data(), text.size()) < 0) {
    return FailErrno(fmt::format("write({})", path));
  }
  return {};
}

Status SeeShiftedClock(time_t before, time_t offset) {
  return RunInChild(0, "a shifted clock in a time namespace", [&]() -> Status {
    timespec now{};
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return FailErrno("clock_gettime");
    return now.tv_sec >= before + offset ? Status() : Fail(EPROTO, "clock_gettime");
  });
}

Status ShiftClock() {
  constexpr time_t kOffset = 1000000;
  timespec now{};
  if (unshare(kCloneNewTime) != 0) return FailErrno("unshare(CLONE_NEWTIME)");
  RETURN_IF_ERROR(WriteWhole("/proc/self/timens_offsets", fmt::format("monotonic {} 0", kOffset)));
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return FailErrno("clock_gettime");
  return SeeShiftedClock(now.tv_sec, kOffset);
}

Status MakeCookie() {
  uint64_t cookie = 0;
  if (prctl(kSchedCore, kSchedCoreCreate, 0, kOneThread, 0) != 0) {
    return FailErrno("prctl(PR_SCHED_CORE_CREATE)");
  }
  if (prctl(kSchedCore, kSchedCoreGet, 0, kOneThread, &cookie) != 0) {
    return FailErrno("prctl(PR_SCHED_CORE_GET)");
  }
  return cookie != 0 ? Status() : Fail(EPROTO, "prctl(PR_SCHED_CORE_GET)");
}

}  // namespace

Result<std::string> ProbeTimeNamespace() {
  RETURN_IF_ERROR(RunInChild(0, "a time namespace with an offset", ShiftClock));
  return "a child of a new time namespace saw the shifted clock";
}

Result<std::string> ProbeCoreScheduling() {
  RETURN_IF_ERROR(RunInChild(0, "prctl(PR_SCHED_CORE)", MakeCookie));
  return "a child had a core scheduling cookie of its own";
}

Result<std::string> ProbeIdmappedMounts() {
  std::string folder = "/tmp/lxcspec-need.XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return FailErrno("mkdtemp");
  std::string kind;
  const Status seen = [&]() -> Status {
    ASSIGN_OR_RETURN(const MappableFolder made, MappableFolder::Make(folder));
    kind = made.file_system();
    return {};
  }();
  rmdir(folder.c_str());
  RETURN_IF_ERROR(seen);
  return fmt::format("root's folder belonged to a mapped user in an id-mapped mount of {}", kind);
}

}  // namespace lxcspec
