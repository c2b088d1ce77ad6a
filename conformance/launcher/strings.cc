// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/strings.h"

namespace lxcspec::launcher {
namespace {

std::vector<std::string> SplitAt(std::string_view text, std::string_view separators) {
  std::vector<std::string> pieces;
  while (true) {
    const size_t start = text.find_first_not_of(separators);
    if (start == std::string_view::npos) return pieces;
    text.remove_prefix(start);
    const size_t end = std::min(text.find_first_of(separators), text.size());
    pieces.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

}  // namespace

std::vector<std::string> Split(std::string_view text, char separator) {
  return SplitAt(text, std::string_view(&separator, 1));
}

std::vector<std::string> SplitWords(std::string_view text) { return SplitAt(text, " \t\r\n"); }

std::string_view Trim(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t\r\n") - start + 1);
}

}  // namespace lxcspec::launcher
