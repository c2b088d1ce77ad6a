// SPDX-License-Identifier: Apache-2.0
//
// Programs of the system that do for a user what he may not do himself.

#ifndef LXCSPEC_RUNTIME_KERNEL_HELPER_PROGRAM_H_
#define LXCSPEC_RUNTIME_KERNEL_HELPER_PROGRAM_H_

#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// Runs a program, found by PATH where its name has no slash, and returns what it printed to its
// standard output. EPERM where it failed, with its words and what it printed to standard error; the
// errno of exec where it could not be run.
Result<std::string> RunHelper(std::vector<std::string> words);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_HELPER_PROGRAM_H_
