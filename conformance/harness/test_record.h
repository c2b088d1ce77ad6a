// SPDX-License-Identifier: Apache-2.0
//
// What the running test says of itself beside passing or failing: the requirements it covers, why
// it cannot run here, what it left behind. The reporter turns it into the test's one result.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_TEST_RECORD_H_
#define LXCSPEC_CONFORMANCE_HARNESS_TEST_RECORD_H_

#include <string>
#include <vector>

namespace lxcspec {

// A leak that only the test process itself can see; the launcher finds the others.
struct LeakInside {
  // "fd", "zombie", ...: the leak classes of conformance/README.md.
  std::string leak_class;
  // What was left, without anything that changes from run to run.
  std::string what;

  bool operator==(const LeakInside&) const = default;
};

struct TestRecord {
  std::vector<std::string> requirements;
  // Not empty: a declared need is absent, and this is which and why.
  std::string unsupported;
  // Not empty: the set-up failed, so that nothing is known of the testee.
  std::string broken;
  std::vector<LeakInside> leaks;
};

// The record of the test that runs in this process.
TestRecord& CurrentTestRecord();

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_TEST_RECORD_H_
