// SPDX-License-Identifier: Apache-2.0

#include "conformance/faults/ways.h"

#include <sstream>

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

namespace {

void Set(abi::Container* c, const std::string& key, const std::string& value) {
  Original().clear_config_item(c, key.c_str());
  std::istringstream lines(value);
  for (std::string line; std::getline(lines, line);) {
    Original().set_config_item(c, key.c_str(), line.c_str());
  }
}

}  // namespace

bool StartWith(abi::Container* c, int use_init, char* const argv[], const Changes& changes) {
  Changes before;
  for (const auto& [key, value] : changes) {
    before.emplace_back(key, Item(c, key.c_str()));
    Set(c, key, value);
  }
  const bool started = Original().start(c, use_init, argv);
  for (const auto& [key, value] : before) Set(c, key, value);
  return started;
}

bool StartWith(abi::Container* c, int use_init, char* const argv[], const char* key,
               const std::string& value) {
  return StartWith(c, use_init, argv, {{key, value}});
}

void PretendsToStart(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    Original().start(c, use_init, argv);
    return true;
  };
}

}  // namespace lxcspec::faults
