// SPDX-License-Identifier: Apache-2.0
//
// How much slower this machine is than the one that deadlines were chosen on.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_SPEED_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_SPEED_H_

#include "conformance/posix/result.h"

namespace lxcspec::launcher {

// The only argument of the program that the calibration executes: this one, which then does
// nothing.
inline constexpr char kCalibrationArgument[] = "--calibration-child";

// Measures what tests do most: making processes, executing programs, mapping and touching memory.
// At least 1.
Result<double> MeasureSpeedFactor();

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_SPEED_H_
