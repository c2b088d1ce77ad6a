// SPDX-License-Identifier: Apache-2.0

#include <cstdlib>

#include "conformance/faults/hostile/misbehave.h"

namespace lxcspec::hostile {

void Misbehave() { exit(0); }

}  // namespace lxcspec::hostile
