// SPDX-License-Identifier: Apache-2.0
//
// Which tests GoogleTest knows of. It writes to every one that it knows before it runs the first,
// so that a copy of the loaded suite had hundreds of pages copied to run one test: a sixth of what
// the kernel did in a whole run. So what TEST_F and its like register is kept back, and a process
// registers what it runs.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_REGISTRATION_H_
#define LXCSPEC_CONFORMANCE_HARNESS_REGISTRATION_H_

#include <string_view>

namespace lxcspec {

// Registers all tests that are kept back. After InitGoogleTest(), which makes those of TEST_P.
void RegisterAllTests();

// Registers this one, `Suite.Name`; where there is none, GoogleTest will have no test to run.
void RegisterTest(std::string_view test);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_REGISTRATION_H_
