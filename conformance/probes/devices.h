// SPDX-License-Identifier: Apache-2.0
//
// What a container may do with devices: opening and making them.

#ifndef LXCSPEC_CONFORMANCE_PROBES_DEVICES_H_
#define LXCSPEC_CONFORMANCE_PROBES_DEVICES_H_

#include <string>
#include <vector>

#include "conformance/probes/commands.h"

namespace lxcspec::probe {

// PATH MODE, a mode being "r", "w" or "rw": opens it and closes it again.
Answer OpenAndClose(const std::vector<std::string>& arguments);

// TYPE MAJOR MINOR, a type being "b" or "c": makes such a node below /dev and removes it again.
Answer MakeNode(const std::vector<std::string>& arguments);

// ALLOWED DENIED COUNT: opens both files that often, and answers how often an opening of the first
// failed or one of the second succeeded.
Answer CountSurprises(const std::vector<std::string>& arguments);

}  // namespace lxcspec::probe

#endif  // LXCSPEC_CONFORMANCE_PROBES_DEVICES_H_
