// SPDX-License-Identifier: Apache-2.0
//
// What one test process was started with: the testee, the probe, the scratch folder, the machine's
// speed. Set once by main(), read by fixtures.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_ENVIRONMENT_H_
#define LXCSPEC_CONFORMANCE_HARNESS_ENVIRONMENT_H_

#include <chrono>
#include <string>

namespace lxcspec {

struct Environment {
  // The shared object under test.
  std::string testee;
  // The release whose struct lxc_container the testee has; empty: what it says of itself.
  std::string abi_version;
  // The static program that containers run.
  std::string probe;
  // An empty folder of this test's own, removed afterwards by whoever made it.
  std::string scratch;
  // How much slower this machine is than the one the deadlines were chosen on.
  double speed = 1.0;

  // A deadline chosen for an unloaded machine, stretched for this one.
  std::chrono::milliseconds Scaled(std::chrono::milliseconds deadline) const {
    return std::chrono::milliseconds(
        static_cast<std::chrono::milliseconds::rep>(static_cast<double>(deadline.count()) * speed));
  }
};

// The process's only environment; main() fills it before any test runs.
Environment& TestEnvironment();

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_ENVIRONMENT_H_
