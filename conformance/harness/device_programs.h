// SPDX-License-Identifier: Apache-2.0
//
// Which programs the kernel asks when a process in a cgroup uses a device: bpf(2).

#ifndef LXCSPEC_CONFORMANCE_HARNESS_DEVICE_PROGRAMS_H_
#define LXCSPEC_CONFORMANCE_HARNESS_DEVICE_PROGRAMS_H_

#include <cstdint>
#include <set>
#include <string>

#include "conformance/posix/result.h"

namespace lxcspec {

// The ids of those that are asked for processes in that cgroup of version 2, also those of cgroups
// above.
Result<std::set<uint32_t>> DeviceProgramsOf(const std::string& folder);

// The name that a program was loaded with. ENOENT where there is none of that id any more.
Result<std::string> NameOfProgram(uint32_t id);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_DEVICE_PROGRAMS_H_
