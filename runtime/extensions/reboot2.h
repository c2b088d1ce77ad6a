// SPDX-License-Identifier: Apache-2.0
//
// The extension reboot2: asks a container to reboot, and waits until it has.
// spec/extensions/reboot2.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_REBOOT2_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_REBOOT2_H_

#include <string_view>

namespace lxcspec::runtime {

// What the states that a container goes through, once it was asked, say of its reboot. They are
// told when they change, so RUNNING after STARTING is the new init's.
class RebootProgress {
 public:
  enum class Outcome { kPending, kRebooted, kHalted };

  // The next state, by its name.
  Outcome Observe(std::string_view state);

 private:
  bool has_left_ = false;
};

// Whether a call with that timeout in seconds waits at all.
bool RebootWaits(int timeout);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_REBOOT2_H_
