// SPDX-License-Identifier: Apache-2.0
//
// The states of a container, and lists of them as lxc-wait and wait() have them.

#ifndef LXCSPEC_RUNTIME_CONTAINER_STATE_H_
#define LXCSPEC_RUNTIME_CONTAINER_STATE_H_

#include <array>
#include <bitset>
#include <cstddef>
#include <optional>
#include <string_view>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

enum class State {
  kStopped,
  kStarting,
  kRunning,
  kStopping,
  kAborting,
  kFreezing,
  kFrozen,
  kThawed,
};

inline constexpr std::array kStateNames = {"STOPPED",  "STARTING", "RUNNING", "STOPPING",
                                           "ABORTING", "FREEZING", "FROZEN",  "THAWED"};

using StateSet = std::bitset<kStateNames.size()>;

// A string that lives for ever.
const char* StateName(State state);
std::optional<State> ParseState(std::string_view name);

// Names with | between them. EINVAL for a name that is no state's, and for none.
Result<StateSet> ParseStates(std::string_view names);

bool Contains(const StateSet& states, State state);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_STATE_H_
