// SPDX-License-Identifier: Apache-2.0

#include <unistd.h>

#include <string>

#include "conformance/faults/hostile/misbehave.h"

namespace lxcspec::hostile {

void Misbehave() {
  const std::string mebibyte(1 << 20, 'x');
  for (int i = 0; i < 1024; ++i) (void)!write(STDOUT_FILENO, mebibyte.data(), mebibyte.size());
}

}  // namespace lxcspec::hostile
