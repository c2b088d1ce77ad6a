// SPDX-License-Identifier: Apache-2.0

#include <sys/mount.h>
#include <sys/stat.h>

#include "conformance/faults/hostile/misbehave.h"

namespace lxcspec::hostile {

void Misbehave() {
  mkdir("/run/left", 0755);
  mount("none", "/run/left", "tmpfs", 0, "");
}

}  // namespace lxcspec::hostile
