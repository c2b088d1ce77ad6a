// SPDX-License-Identifier: Apache-2.0
//
// Template scripts: programs that fill a root file system and complete the configuration.

#ifndef LXCSPEC_RUNTIME_CONTAINER_STORAGE_TEMPLATE_H_
#define LXCSPEC_RUNTIME_CONTAINER_STORAGE_TEMPLATE_H_

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/config/config.h"

namespace lxcspec::runtime {

// The program that a template's name stands for: itself where it is an absolute path, else
// lxc-<name> in the installation's folder. ENOENT or EACCES where it cannot be run, EINVAL for a
// name that would lead elsewhere.
Result<std::string> FindTemplate(const std::string& name);

struct TemplateRun {
  std::string program;
  std::string name;
  // The container's folder, in which the configuration is.
  std::string folder;
  std::string rootfs;
  std::vector<std::string> arguments;
  // Without standard input and output.
  bool quiet = false;
};

// Runs it in a mount namespace of its own and, with lxc.idmap, as root of a user namespace that
// has these ids, which then own the root file system. ECANCELED where the program fails.
Status RunTemplate(const TemplateRun& run, const Config& config);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_STORAGE_TEMPLATE_H_
