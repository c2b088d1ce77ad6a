// SPDX-License-Identifier: Apache-2.0

#include "conformance/faults/hostile/misbehave.h"

namespace lxcspec::hostile {

void Misbehave() {}

}  // namespace lxcspec::hostile
