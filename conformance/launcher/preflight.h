// SPDX-License-Identifier: Apache-2.0
//
// What can be known to be wrong before the first test runs.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_PREFLIGHT_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_PREFLIGHT_H_

#include <string>
#include <vector>

#include "conformance/launcher/options.h"
#include "conformance/posix/result.h"

namespace lxcspec::launcher {

// The parts of a run, absolute and without symbolic links.
struct Parts {
  std::string suite;
  std::string testee;
  std::string probe;
  std::vector<std::string> loader;
  // These, the directories they are in, and what --visible and --loader name.
  std::vector<std::string> visible;
};

// Fails with a message that names the option and what is wrong with it.
Result<Parts> CheckParts(const Options& options);

// Whether the file is an ELF shared object for this machine.
Status CheckSharedObject(const std::string& path);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_PREFLIGHT_H_
