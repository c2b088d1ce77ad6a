// SPDX-License-Identifier: Apache-2.0
//
// The extension environment_runtime_hooks: variables for the container's processes, for its hooks,
// and for both. spec/extensions/environment_runtime_hooks.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_ENVIRONMENT_RUNTIME_HOOKS_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_ENVIRONMENT_RUNTIME_HOOKS_H_

#include <string>
#include <string_view>
#include <vector>

#include "runtime/config/config.h"

namespace lxcspec::runtime {

// NAME=value, in the order in which they were set.
struct EnvironmentKeys {
  std::vector<std::string> both;     // lxc.environment
  std::vector<std::string> runtime;  // lxc.environment.runtime
  std::vector<std::string> hooks;    // lxc.environment.hooks
};

EnvironmentKeys ReadEnvironmentKeys(const Config& config);

// What init and attached processes have; each name once.
std::vector<std::string> RuntimeVariables(const EnvironmentKeys& keys);
// What every hook has; each name once.
std::vector<std::string> HookVariables(const EnvironmentKeys& keys);

// Puts NAME=value into a list that has each name once, instead of what it has of that name.
void PutVariable(std::vector<std::string>& variables, std::string_view variable);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_ENVIRONMENT_RUNTIME_HOOKS_H_
