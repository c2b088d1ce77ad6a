// SPDX-License-Identifier: Apache-2.0
//
// The extension lxc_config_item_is_supported: does this implementation know a configuration key?
// spec/extensions/lxc_config_item_is_supported.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_LXC_CONFIG_ITEM_IS_SUPPORTED_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_LXC_CONFIG_ITEM_IS_SUPPORTED_H_

#include <optional>
#include <string_view>

namespace lxcspec::runtime {

// Whether a configuration can hold the key, which must be concrete: lxc.net.0.type. False for a
// key that is absent.
bool ConfigItemIsSupported(std::optional<std::string_view> key);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_LXC_CONFIG_ITEM_IS_SUPPORTED_H_
