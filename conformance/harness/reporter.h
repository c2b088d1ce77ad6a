// SPDX-License-Identifier: Apache-2.0
//
// Tells the launcher what became of a test: JSON lines on the result descriptor, as
// conformance/README.md describes them.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_REPORTER_H_
#define LXCSPEC_CONFORMANCE_HARNESS_REPORTER_H_

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "conformance/harness/test_record.h"
#include "conformance/posix/error.h"

namespace lxcspec {

// `message` without what changes from run to run: addresses become <address>, the scratch folder
// <scratch>.
std::string StableMessage(std::string message, std::string_view scratch);

// The one result of a test, as one line.
std::string ResultLine(const ::testing::TestInfo& test, const TestRecord& record,
                       std::string_view scratch);

// Writes the requirements that the running test covers, so that they are known even if it never
// ends. Does nothing without a result descriptor.
void ReportRequirements();

// Ends the running test, and the process, because its testee was lost: `crash` where it ended
// (ECONNRESET), otherwise `fail`.
[[noreturn]] void EndLostTest(const Error& how);

// Writes the result of each test that ends. `result_fd` stays the caller's.
class Reporter : public ::testing::EmptyTestEventListener {
 public:
  explicit Reporter(int result_fd);
  void OnTestStart(const ::testing::TestInfo& test) override;
  void OnTestEnd(const ::testing::TestInfo& test) override;
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_REPORTER_H_
