// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/environment_runtime_hooks.h"

#include <algorithm>

namespace lxcspec::runtime {
namespace {

// environment_runtime_hooks.last_wins
std::vector<std::string> Joined(const std::vector<std::string>& wide,
                                const std::vector<std::string>& narrow) {
  std::vector<std::string> variables;
  for (const std::string& variable : wide) PutVariable(variables, variable);
  for (const std::string& variable : narrow) PutVariable(variables, variable);
  return variables;
}

}  // namespace

EnvironmentKeys ReadEnvironmentKeys(const Config& config) {
  return {.both = config.Values("lxc.environment"),
          .runtime = config.Values("lxc.environment.runtime"),
          .hooks = config.Values("lxc.environment.hooks")};
}

void PutVariable(std::vector<std::string>& variables, std::string_view variable) {
  const size_t equals = variable.find('=');
  if (equals == variable.npos) return;
  const std::string_view name = variable.substr(0, equals + 1);
  std::erase_if(variables, [&](const std::string& other) { return other.starts_with(name); });
  variables.emplace_back(variable);
}

std::vector<std::string> RuntimeVariables(const EnvironmentKeys& keys) {
  // environment_runtime_hooks.runtime environment_runtime_hooks.not_in_init
  return Joined(keys.both, keys.runtime);
}

std::vector<std::string> HookVariables(const EnvironmentKeys& keys) {
  // environment_runtime_hooks.hooks environment_runtime_hooks.not_in_hooks
  return Joined(keys.both, keys.hooks);
}

}  // namespace lxcspec::runtime
