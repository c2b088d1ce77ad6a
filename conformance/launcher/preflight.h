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
  // As the suite is told: a shared object, or "exec:" and the command of a testee that is a
  // program.
  std::string testee;
  // What the testee is made of: the shared object, or the program and the files among its words.
  std::vector<std::string> testee_files;
  std::string probe;
  std::vector<std::string> loader;
  // All these files, the directories they are in, and what --visible and --loader name.
  std::vector<std::string> visible;
};

// Fails with a message that names the option and what is wrong with it.
Result<Parts> CheckParts(const Options& options);

// Whether the file is an ELF shared object for this machine.
Status CheckSharedObject(const std::string& path);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_PREFLIGHT_H_
