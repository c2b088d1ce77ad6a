// SPDX-License-Identifier: Apache-2.0
//
// COVERS(spec::console_log::kReadEmpty): the first statement of every conformance test. It says
// which requirements the test checks, and ends the test as `unsupported` where one of them needs
// what this kernel does not have.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_COVERS_H_
#define LXCSPEC_CONFORMANCE_HARNESS_COVERS_H_

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "spec/requirement.h"

namespace lxcspec {

// Records the requirements. Returns what is missing and why, or nothing if all needs are there.
std::string BeginCoverage(std::initializer_list<spec::Requirement> requirements);

}  // namespace lxcspec

// The only skip there is: the reporter makes `unsupported` of it, with the reason.
#define COVERS(...)                                                                            \
  if (const std::string missing_ = ::lxcspec::BeginCoverage({__VA_ARGS__}); !missing_.empty()) \
  GTEST_SKIP() << missing_

#endif  // LXCSPEC_CONFORMANCE_HARNESS_COVERS_H_
