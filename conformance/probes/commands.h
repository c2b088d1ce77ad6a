// SPDX-License-Identifier: Apache-2.0
//
// What the probe can do, by name. A command is a name and its arguments; the same commands are
// given on the probe's command line and over its channel.

#ifndef LXCSPEC_CONFORMANCE_PROBES_COMMANDS_H_
#define LXCSPEC_CONFORMANCE_PROBES_COMMANDS_H_

#include <string>
#include <vector>

namespace lxcspec::probe {

// What a command answers: an errno, 0 for success, and text for whoever asked over the channel.
struct Answer {
  int error = 0;
  std::string text;
};

// Runs one command. EINVAL for one that does not exist or has the wrong arguments; the text then
// says which.
Answer RunCommand(const std::vector<std::string>& words);

// One line per command: its arguments and what it does.
std::string CommandHelp();

}  // namespace lxcspec::probe

#endif  // LXCSPEC_CONFORMANCE_PROBES_COMMANDS_H_
