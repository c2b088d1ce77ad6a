// SPDX-License-Identifier: Apache-2.0
//
// An example of a seccomp proxy, what lxc.seccomp.notify.proxy names: it makes the folders that
// containers ask for with mkdir(2), and refuses whatever else is forwarded to it. How it is done,
// and what must not be done, is in the order of its steps.

#ifndef LXCSPEC_CONFORMANCE_PROBES_MKDIR_PROXY_H_
#define LXCSPEC_CONFORMANCE_PROBES_MKDIR_PROXY_H_

#include <string>
#include <vector>

#include "conformance/probes/commands.h"

namespace lxcspec::probe {

// PATH: listens there until it is killed.
Answer RunMkdirProxy(const std::vector<std::string>& arguments);

}  // namespace lxcspec::probe

#endif  // LXCSPEC_CONFORMANCE_PROBES_MKDIR_PROXY_H_
