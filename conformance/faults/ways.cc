// SPDX-License-Identifier: Apache-2.0

#include "conformance/faults/ways.h"

namespace lxcspec::faults {

std::string Item(abi::Container* c, const char* key) {
  const int length = Original().get_config_item(c, key, nullptr, 0);
  if (length <= 0) return "";
  std::string value(length + 1, '\0');
  Original().get_config_item(c, key, value.data(), length + 1);
  value.resize(length);
  return value;
}

int Answer(std::string_view text, char* value, int size) {
  if (value != nullptr && size > 0) {
    const size_t fits = std::min<size_t>(text.size(), size - 1);
    std::memcpy(value, text.data(), fits);
    value[fits] = '\0';
  }
  return static_cast<int>(text.size());
}

bool StartWith(abi::Container* c, int use_init, char* const argv[], const char* key,
               const std::string& value) {
  const std::string before = Item(c, key);
  Original().clear_config_item(c, key);
  if (!value.empty()) Original().set_config_item(c, key, value.c_str());
  const bool started = Original().start(c, use_init, argv);
  Original().clear_config_item(c, key);
  if (!before.empty()) Original().set_config_item(c, key, before.c_str());
  return started;
}

}  // namespace lxcspec::faults
