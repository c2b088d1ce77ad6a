// SPDX-License-Identifier: Apache-2.0

#include <csignal>

#include "conformance/faults/hostile/misbehave.h"

namespace lxcspec::hostile {

void Misbehave() {
  // As a wild pointer would, but without undefined behaviour that a compiler may remove.
  signal(SIGSEGV, SIG_DFL);
  raise(SIGSEGV);
}

}  // namespace lxcspec::hostile
