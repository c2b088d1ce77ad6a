// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/lxc_config_item_is_supported.h"

#include "runtime/config/keys.h"

namespace lxcspec::runtime {

bool ConfigItemIsSupported(std::optional<std::string_view> key) {
  // lxc_config_item_is_supported.null_key
  if (!key) return false;
  // lxc_config_item_is_supported.supported_can_be_set
  // lxc_config_item_is_supported.unsupported_cannot_be_set
  return IsAssignable(*key);
}

}  // namespace lxcspec::runtime
