// SPDX-License-Identifier: Apache-2.0
//
// A suite that keeps the contract of suites and misbehaves on request, to prove the launcher.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_TESTDATA_FAKE_SUITE_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_TESTDATA_FAKE_SUITE_H_

#include <map>
#include <string>

namespace lxcspec::fake {

// What the command line gave to the running test.
struct Invocation {
  std::string test;
  std::string needs_file;
  std::string scratch;
  int result_fd = -1;
};

const Invocation& Current();

void WriteToResultFd(const std::string& text);
// The line that says what the test covers.
void WriteCovers();
void WriteVerdict(const std::string& verdict, const std::string& message = "",
                  const std::string& leaks = "");

using TestFunction = void (*)();

// By full name. A test that writes no result of its own passes when its function returns.
void AddHostileTests(std::map<std::string, TestFunction>& tests);
void AddSandboxTests(std::map<std::string, TestFunction>& tests);

// Whether the running test has written a verdict.
bool VerdictWritten();

}  // namespace lxcspec::fake

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_TESTDATA_FAKE_SUITE_H_
