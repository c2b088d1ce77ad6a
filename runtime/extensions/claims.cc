// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/claims.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "runtime/base/text.h"
#include "runtime/kernel/pidfd.h"

namespace lxcspec::runtime {
namespace {

struct Built {
  std::string_view extension;
  // Whether this kernel has what the extension needs.
  bool (*can_be_had)();
};

bool NeedsNothing() { return true; }

constexpr std::array kBuilt = {
    Built{"lxc_log", NeedsNothing},   Built{"lxc_config_item_is_supported", NeedsNothing},
    Built{"reboot2", NeedsNothing},   Built{"init_pidfd", HasPidfds},
    Built{"pidfd", HasPidfds},        Built{"console_log", NeedsNothing},
    Built{"devpts_fd", NeedsNothing},
};

}  // namespace

bool IsSwitchedOn(std::string_view extension) {
  const char* disabled = getenv(kDisableVariable);
  if (disabled == nullptr) return true;
  const std::vector<std::string> names = Words(disabled, ", ");
  return std::find(names.begin(), names.end(), extension) == names.end();
}

bool IsClaimed(std::string_view extension) {
  const auto* found = std::find_if(kBuilt.begin(), kBuilt.end(), [&](const Built& built) {
    return built.extension == extension;
  });
  // lxc_log.announced lxc_config_item_is_supported.announced init_pidfd.announced
  // console_log.announced devpts_fd.announced
  return found != kBuilt.end() && IsSwitchedOn(extension) && found->can_be_had();
}

}  // namespace lxcspec::runtime
