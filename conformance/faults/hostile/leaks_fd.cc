// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>

#include "conformance/faults/hostile/misbehave.h"

namespace lxcspec::hostile {

void Misbehave() { (void)!open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace lxcspec::hostile
