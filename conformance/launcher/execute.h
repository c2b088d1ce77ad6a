// SPDX-License-Identifier: Apache-2.0

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_EXECUTE_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_EXECUTE_H_

#include <string>
#include <vector>

#include "conformance/posix/error.h"

namespace lxcspec::launcher {

// execve(2): returns only what kept it from that.
Error Execute(const std::vector<std::string>& argv, const std::vector<std::string>& environment);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_EXECUTE_H_
