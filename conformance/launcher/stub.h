// SPDX-License-Identifier: Apache-2.0
//
// The first process of a test's pid namespace: makes the sandbox, runs the test in it, reaps, and
// audits what the test left. It reports on a socket, one JSON object a line:
//   {"stage": "failed", "error"}         the sandbox could not be made or the suite not be executed
//   {"stage": "started"}                 the suite is being executed
//   {"stage": "ended", "status"}         the suite ended, with this wait status
//   {"stage": "audited", "leaks"}        and this is left

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_STUB_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_STUB_H_

#include <chrono>
#include <string>
#include <vector>

#include "conformance/launcher/sandbox.h"

namespace lxcspec {

// The descriptor that `--lxcspec_result_fd` names.
inline constexpr int kResultFd = 3;

struct StubTask {
  const Sandbox* sandbox = nullptr;
  const TestCgroup* cgroup = nullptr;
  std::vector<std::string> argv;
  std::vector<std::string> environment;
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

// Does not return. The calling process must be the first of its pid namespace.
[[noreturn]] void RunStub(const StubTask& task);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_STUB_H_
