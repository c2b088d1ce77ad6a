// SPDX-License-Identifier: Apache-2.0
//
// Commands run in children of the probe: so that a test can have several at once, go on while one
// waits, and see how one ends that does not survive.

#ifndef LXCSPEC_CONFORMANCE_PROBES_CHILDREN_H_
#define LXCSPEC_CONFORMANCE_PROBES_CHILDREN_H_

#include <string>
#include <vector>

#include "conformance/probes/commands.h"

namespace lxcspec::probe {

// Starts a command in a child, and answers with the child's process id. The first of the words is
// the command's name.
Answer StartInChild(const std::vector<std::string>& words);

// Waits until a child that StartInChild() started has ended, and answers what its command
// answered; where there is no answer, how the child ended: "killed by signal 31".
Answer AwaitChild(const std::vector<std::string>& arguments);

// Both.
Answer RunInChild(const std::vector<std::string>& words);

}  // namespace lxcspec::probe

#endif  // LXCSPEC_CONFORMANCE_PROBES_CHILDREN_H_
