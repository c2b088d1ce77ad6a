// SPDX-License-Identifier: Apache-2.0
//
// The probe's end of the channel (channel.h): commands come in, answers go out.

#ifndef LXCSPEC_CONFORMANCE_PROBES_SERVE_H_
#define LXCSPEC_CONFORMANCE_PROBES_SERVE_H_

#include <string>
#include <vector>

#include "conformance/probes/commands.h"

namespace lxcspec::probe {

// Connects to the socket and runs each message as a command until the other end closes.
Answer Serve(const std::string& path, Answer (*run)(const std::vector<std::string>& words));

}  // namespace lxcspec::probe

#endif  // LXCSPEC_CONFORMANCE_PROBES_SERVE_H_
