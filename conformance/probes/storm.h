// SPDX-License-Identifier: Apache-2.0
//
// Many processes that make a call which waits for a supervisor, over and over, while others kill
// them. What a supervisor must answer follows from the call's argument, so that an answer to
// another call is seen.

#ifndef LXCSPEC_CONFORMANCE_PROBES_STORM_H_
#define LXCSPEC_CONFORMANCE_PROBES_STORM_H_

#include <string>
#include <vector>

#include "conformance/probes/commands.h"

namespace lxcspec::probe {

// WORKERS: that many processes from now on, each of which makes getppid(2) with a number that no
// other call has. The call must return the number and one, or fail with EDOM where it is odd. Who
// is killed is replaced.
Answer StartStorm(const std::vector<std::string>& arguments);

// How many calls have returned.
Answer StormCalls(const std::vector<std::string>& arguments);

// Lets every call return, and answers with what there was: "started N returned N wrong N killed N".
Answer EndStorm(const std::vector<std::string>& arguments);

}  // namespace lxcspec::probe

#endif  // LXCSPEC_CONFORMANCE_PROBES_STORM_H_
