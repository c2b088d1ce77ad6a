// SPDX-License-Identifier: Apache-2.0
//
// A whole run: ask what is to be known beforehand, execute the plan, record everything.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_RUN_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_RUN_H_

#include "conformance/launcher/options.h"

namespace lxcspec::launcher {

// Says on standard error what stopped the run, or how many tests were executed. Returns the exit
// status.
int Run(const Options& options, char** environment);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_RUN_H_
