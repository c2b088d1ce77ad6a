// SPDX-License-Identifier: Apache-2.0

#include "conformance/probes/pattern.h"

namespace lxcspec {
namespace {

constexpr size_t kDigits = 7;

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

std::string Octets(size_t size) {
  std::string octets(size, '\0');
  for (size_t i = 0; i < size; ++i) octets[i] = static_cast<char>(i % 256);
  return octets;
}

}  // namespace lxcspec
