// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/lxc_config_item_is_supported.h"

#include <gtest/gtest.h>

#include <string>

#include "runtime/config/keys.h"

namespace lxcspec::runtime {
namespace {

// A key that the pattern stands for.
std::string Concrete(std::string_view pattern) {
  std::string key(pattern);
  if (const size_t index = key.find('#'); index != key.npos) key.replace(index, 1, "7");
  if (key.ends_with('*')) key.replace(key.size() - 1, 1, "x.y");
  return key;
}

TEST(ConfigItemIsSupportedTest, EveryKeyOfTheRegistryIs) {
  for (const Key& key : AllKeys()) {
    EXPECT_TRUE(ConfigItemIsSupported(Concrete(key.pattern))) << key.pattern;
  }
}

TEST(ConfigItemIsSupportedTest, NothingElseIs) {
  EXPECT_FALSE(ConfigItemIsSupported(std::nullopt));
  for (const char* key : {"", "lxc.nonsense", "lxc.arch ", "lxc.net.0", "lxc.cgroup2."}) {
    EXPECT_FALSE(ConfigItemIsSupported(key)) << key;
  }
}

}  // namespace
}  // namespace lxcspec::runtime
