// SPDX-License-Identifier: Apache-2.0
//
// What a process holds that it did not hold before: open descriptors and children nobody waited
// for. The rest of the leak audit is the launcher's, which sees the test from outside.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_DESCRIPTORS_H_
#define LXCSPEC_CONFORMANCE_HARNESS_DESCRIPTORS_H_

#include <map>
#include <string>
#include <vector>

#include "conformance/harness/test_record.h"

namespace lxcspec {

// Descriptor number to what it refers to, as /proc/self/fd shows it.
std::map<int, std::string> OpenDescriptors();

// A leak for every descriptor that `before` does not have, or has for something else.
std::vector<LeakInside> NewDescriptors(const std::map<int, std::string>& before);

// Waits for nothing: a leak for every child that has ended and was not waited for.
std::vector<LeakInside> Zombies();

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_DESCRIPTORS_H_
