// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/system_config.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "runtime/base/text.h"

namespace lxcspec::runtime {
namespace {

struct Item {
  std::string_view key;
  std::string_view for_root;
  // Below the home folder; empty: the same as for root.
  std::string_view for_others;
};

constexpr std::array kItems = {
    Item{"lxc.lxcpath", "/var/lib/lxc", "/.local/share/lxc"},
    Item{"lxc.default_config", "/etc/lxc/default.conf", "/.config/lxc/default.conf"},
    Item{"lxc.bdev.lvm.vg", "lxc", ""},
    Item{"lxc.bdev.lvm.thin_pool", "lxc", ""},
    Item{"lxc.bdev.zfs.root", "lxc", ""},
    Item{"lxc.bdev.rbd.rbdpool", "lxc", ""},
    Item{"lxc.cgroup.pattern", "", ""},
    Item{"lxc.cgroup.use", "", ""},
};

std::string HomeOfOthers() {
  if (geteuid() == 0) return "";
  const char* home = getenv("HOME");
  return home != nullptr ? home : "/";
}

// The last assignment of the key in the text, trimmed.
std::optional<std::string> Assigned(std::string_view text, std::string_view key) {
  std::optional<std::string> value;
  for (const std::string& raw : Words(text, "\n")) {
    const std::string_view line = Trim(raw);
    const size_t equals = line.find('=');
    if (line.starts_with('#') || equals == line.npos) continue;
    if (Trim(line.substr(0, equals)) == key) value = Trim(line.substr(equals + 1));
  }
  return value;
}

}  // namespace

std::optional<std::string> SystemConfigItemIn(std::string_view text, std::string_view key,
                                              std::string_view home) {
  const auto* item = std::find_if(kItems.begin(), kItems.end(),
                                  [&](const Item& candidate) { return candidate.key == key; });
  if (item == kItems.end()) return std::nullopt;
  if (auto assigned = Assigned(text, key)) return assigned;
  if (home.empty() || item->for_others.empty()) return std::string(item->for_root);
  return std::string(home) + std::string(item->for_others);
}

std::optional<std::string> SystemConfigItem(std::string_view key) {
  const std::string home = HomeOfOthers();
  std::ifstream file(home.empty() ? "/etc/lxc/lxc.conf" : home + "/.config/lxc/lxc.conf");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return SystemConfigItemIn(text, key, home);
}

std::string DefaultLogFolder() { return "/var/log/lxc"; }

}  // namespace lxcspec::runtime
