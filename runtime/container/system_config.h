// SPDX-License-Identifier: Apache-2.0
//
// Settings of the installation: lxc.system.conf(5) and their defaults.

#ifndef LXCSPEC_RUNTIME_CONTAINER_SYSTEM_CONFIG_H_
#define LXCSPEC_RUNTIME_CONTAINER_SYSTEM_CONFIG_H_

#include <optional>
#include <string>
#include <string_view>

namespace lxcspec::runtime {

// The value of lxc.lxcpath, lxc.default_config, lxc.bdev.lvm.vg, ...: from the file, else the
// default. Nothing for an unknown key. Root reads /etc/lxc/lxc.conf, others ~/.config/lxc/lxc.conf.
std::optional<std::string> SystemConfigItem(std::string_view key);

// The same from a given file's text, with a home folder for the defaults of an ordinary user;
// an empty one stands for root.
std::optional<std::string> SystemConfigItemIn(std::string_view text, std::string_view key,
                                              std::string_view home);

// Where the logs of containers in the default path are.
std::string DefaultLogFolder();

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_SYSTEM_CONFIG_H_
