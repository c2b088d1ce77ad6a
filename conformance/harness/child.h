// SPDX-License-Identifier: Apache-2.0
//
// Runs a function in a child process of chosen namespaces: how a probe does something to itself
// that must not happen to the test.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_CHILD_H_
#define LXCSPEC_CONFORMANCE_HARNESS_CHILD_H_

#include <functional>

#include "conformance/posix/result.h"

namespace lxcspec {

// Forks with clone(2)'s namespace flags and runs `body` in the child; `in_parent`, if any, runs
// meanwhile with the child's pid, before the child's body starts. The child's error, if it fails,
// is returned with its errno; what it attempted is told by `what`.
Status RunInChild(int clone_flags, const char* what, const std::function<Status()>& body,
                  const std::function<Status(pid_t)>& in_parent = nullptr);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_CHILD_H_
