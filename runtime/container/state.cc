// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "runtime/base/text.h"

namespace lxcspec::runtime {

const char* StateName(State state) { return kStateNames.at(static_cast<size_t>(state)); }

std::optional<State> ParseState(std::string_view name) {
  const auto* const found = std::find(kStateNames.begin(), kStateNames.end(), name);
  if (found == kStateNames.end()) return std::nullopt;
  return static_cast<State>(found - kStateNames.begin());
}

Result<StateSet> ParseStates(std::string_view names) {
  StateSet states;
  for (const std::string& name : Words(names, "|")) {
    const auto state = ParseState(name);
    if (!state) return Failure(EINVAL, fmt::format("\"{}\" is no state", name));
    states.set(static_cast<size_t>(*state));
  }
  if (states.none()) return Failure(EINVAL, "no state to wait for");
  return states;
}

bool Contains(const StateSet& states, State state) {
  return states.test(static_cast<size_t>(state));
}

}  // namespace lxcspec::runtime
