// SPDX-License-Identifier: Apache-2.0

#include "conformance/probes/pattern.h"

#include <charconv>
#include <system_error>

namespace lxcspec {
namespace {

constexpr size_t kDigits = 7;
constexpr size_t kLine = kDigits + 1;

}  // namespace

std::string Pattern(size_t size) {
  std::string text;
  text.reserve(size + kDigits + 1);
  for (size_t number = 0; text.size() < size; ++number) {
    const std::string digits = std::to_string(number);
    text.append(digits.size() < kDigits ? kDigits - digits.size() : 0, '0').append(digits) += '\n';
  }
  text.resize(size);
  return text;
}

std::optional<size_t> PatternPosition(const std::string& piece) {
  if (piece.size() < 2 * kLine) return std::nullopt;
  const size_t line = piece.find('\n') + 1;
  if (line == 0 || line > kLine) return std::nullopt;
  size_t number = 0;
  const char* const digits = piece.data() + line;
  const auto [end, error] = std::from_chars(digits, digits + kDigits, number);
  if (error != std::errc() || end != digits + kDigits || number * kLine < line) {
    return std::nullopt;
  }
  const size_t position = number * kLine - line;
  const bool is_piece = Pattern(position + piece.size()).substr(position) == piece;
  return is_piece ? std::optional(position) : std::nullopt;
}

std::string Octets(size_t size) {
  std::string octets(size, '\0');
  for (size_t i = 0; i < size; ++i) octets[i] = static_cast<char>(i % 256);
  return octets;
}

}  // namespace lxcspec
