// SPDX-License-Identifier: Apache-2.0
//
// The fixture of every conformance test: one testee in a process of its own, a scratch folder, and
// an audit of what the process holds afterwards.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_TESTEE_TEST_H_
#define LXCSPEC_CONFORMANCE_HARNESS_TESTEE_TEST_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "conformance/harness/covers.h"  // IWYU pragma: export
#include "conformance/harness/environment.h"
#include "conformance/harness/matchers.h"  // IWYU pragma: export
#include "conformance/harness/waiting.h"   // IWYU pragma: export
#include "conformance/testee/testee.h"

namespace lxcspec {

// A parameter that has a name is shown by it. Without this GoogleTest prints the bytes of every
// parameter of the suite each time that the suite starts, which took two fifths of its start.
// In a namespace without a name, because that is where it is looked for: the parameters' own.
namespace {  // NOLINT(google-build-namespaces,misc-anonymous-namespace-in-header)

template <typename Parameter>
requires requires(const Parameter& parameter) { std::string_view(parameter.name); }
void PrintTo(const Parameter& parameter, std::ostream* out) {
  *out << static_cast<std::string_view>(parameter.name);
}

}  // namespace

class TesteeTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  Testee& testee() { return *testee_; }

  // An empty folder for the test's own files; what is in it is no leak.
  std::filesystem::path scratch() const { return TestEnvironment().scratch; }

  // The configuration path for containers of this test.
  std::filesystem::path lxcpath() const { return scratch() / "lxc"; }

  // A container object of this test's own configuration path, not defined and not running.
  Result<std::unique_ptr<Container>> NewContainer(const std::string& name = "c");

  // Ends the test as `broken`: the set-up failed, so that nothing is known of the testee.
  void Broken(const std::string& reason);

 private:
  std::unique_ptr<Testee> testee_;
  std::map<int, std::string> descriptors_before_;
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_TESTEE_TEST_H_
