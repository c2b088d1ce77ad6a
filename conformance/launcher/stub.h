// SPDX-License-Identifier: Apache-2.0
//
// The first process of a test's pid namespace: makes the sandbox, runs the test in it, reaps, and
// audits what the test left. It reports on a socket, one JSON object a line:
//   {"stage": "failed", "error"}         the sandbox could not be made or the suite not be begun
//   {"stage": "started"}                 the suite is being begun
//   {"stage": "ended", "status"}         the suite ended, with this wait status
//   {"stage": "audited", "leaks"}        and this is left

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_STUB_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_STUB_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "conformance/launcher/sandbox.h"
#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec::launcher {

// The descriptor that `--lxcspec_result_fd` names.
inline constexpr int kResultFd = 3;

struct StubTask {
  const Sandbox* sandbox = nullptr;
  // The name of its test cgroup.
  std::string cgroup;
  bool audit = true;
  // How long processes that the test left may take to end by themselves.
  std::chrono::milliseconds grace{};
  // Descriptors of the launcher: the test's output, error output and result, the stub's report, and
  // a socket that hangs up when the launcher is gone.
  int output = -1;
  int error_output = -1;
  int result = -1;
  int report = -1;
  int lifeline = -1;
};

// Makes the test's process run the suite, with 0 to kResultFd in place and every other descriptor
// closed on execution. Returns only what kept it from that.
using BecomeSuite = std::function<Error()>;

struct Stub {
  pid_t pid = -1;
  UniqueFd pidfd;
};

// Forks a stub off the calling process, which must have one thread. `flags`: more of clone3(2)'s;
// with CLONE_PARENT the stub is the child of the caller's parent.
Result<Stub> CloneStub(const StubTask& task, const BecomeSuite& become, uint64_t flags = 0);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_STUB_H_
