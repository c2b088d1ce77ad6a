// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/pidfd.h"

#include <cerrno>

#include "runtime/kernel/pidfd.h"

namespace lxcspec::runtime {

Status PidfdsCanBeHad() {
  // pidfd.no_pidfds
  static const bool kHas = HasPidfds();
  if (!kHas) return Failure(ENOSYS, "this kernel has no pidfds");
  return {};
}

}  // namespace lxcspec::runtime
