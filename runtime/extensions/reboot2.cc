// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/reboot2.h"

namespace lxcspec::runtime {

RebootProgress::Outcome RebootProgress::Observe(std::string_view state) {
  // reboot2.halts_instead
  if (state == "STOPPED") return Outcome::kHalted;
  if (state == "STARTING") has_left_ = true;
  // reboot2.waits_for_new_init reboot2.returns_once_rebooted
  return has_left_ && state == "RUNNING" ? Outcome::kRebooted : Outcome::kPending;
}

// reboot2.zero_returns_at_once
// A negative one waits for ever: reboot2.minus_one_waits reboot2.other_negatives_wait
bool RebootWaits(int timeout) { return timeout != 0; }

}  // namespace lxcspec::runtime
