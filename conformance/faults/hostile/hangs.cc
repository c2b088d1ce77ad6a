// SPDX-License-Identifier: Apache-2.0

#include <unistd.h>

#include "conformance/faults/hostile/misbehave.h"

namespace lxcspec::hostile {

void Misbehave() {
  for (;;) pause();
}

}  // namespace lxcspec::hostile
