// SPDX-License-Identifier: Apache-2.0

#include "conformance/probes/escape.h"

#include <charconv>

namespace lxcspec {

std::optional<std::string> Unescape(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    if (text[0] != '\\') {
      bytes += text[0];
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 2) return std::nullopt;
    switch (text[1]) {
      case 'n':
        bytes += '\n';
        break;
      case 'r':
        bytes += '\r';
        break;
      case 't':
        bytes += '\t';
        break;
      case '\\':
        bytes += '\\';
        break;
      case 'x': {
        if (text.size() < 4) return std::nullopt;
        unsigned value = 0;
        const auto [end, error] = std::from_chars(text.data() + 2, text.data() + 4, value, 16);
        if (error != std::errc() || end != text.data() + 4) return std::nullopt;
        bytes += static_cast<char>(value);
        text.remove_prefix(2);
        break;
      }
      default:
        return std::nullopt;
    }
    text.remove_prefix(2);
  }
  return bytes;
}

}  // namespace lxcspec
