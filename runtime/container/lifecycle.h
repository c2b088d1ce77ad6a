// SPDX-License-Identifier: Apache-2.0
//
// What any client can ask of a container, whoever started it, and whether it runs or not.

#ifndef LXCSPEC_RUNTIME_CONTAINER_LIFECYCLE_H_
#define LXCSPEC_RUNTIME_CONTAINER_LIFECYCLE_H_

#include <string>

#include "runtime/base/result.h"
#include "runtime/container/client.h"
#include "runtime/container/command.h"
#include "runtime/container/state.h"

namespace lxcspec::runtime {

// Seconds; 0: do not wait; negative: for ever.
using Seconds = int;

// STOPPED where nothing listens; what a killed monitor left is then removed first. Fails where
// there is a monitor that does not answer.
Result<State> CurrentState(const Place& place, Patience patience = std::nullopt);

// Removes what a killed monitor left of a container. False where a process still holds its record.
bool RemoveLeftovers(const Place& place);

// ETIMEDOUT where the container was in none of the states in time.
Status WaitForState(const Place& place, const StateSet& states, Seconds timeout);

// Kills the container and waits until nothing is left of it. Succeeds where it does not run.
Status StopContainer(const Place& place);

// Asks it to halt and waits. `signal`: a number, or empty for what it was configured with.
// ETIMEDOUT where it still runs. Succeeds where it does not run.
Status ShutdownContainer(const Place& place, const std::string& signal, Seconds timeout);

// Asks it to reboot and waits until its new init runs. ETIMEDOUT where it did not in time, ESRCH
// where it halted instead, ECONNREFUSED where it does not run.
Status RebootContainer(const Place& place, const std::string& signal, Seconds timeout);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_LIFECYCLE_H_
