// SPDX-License-Identifier: Apache-2.0
//
// Small operations on text, and numbers out of it.

#ifndef LXCSPEC_RUNTIME_BASE_TEXT_H_
#define LXCSPEC_RUNTIME_BASE_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lxcspec::runtime {

// Without blanks, tabs, carriage returns and newlines at either end.
std::string_view Trim(std::string_view text);

// The non-empty words between any of the separators.
std::vector<std::string> Words(std::string_view text, std::string_view separators = " \t");

std::string ToLower(std::string_view text);

// With \040 and its like, as fstab(5) and /proc/self/mountinfo have them, made the characters that
// they stand for.
std::string UnescapeOctal(std::string_view text);

// A whole number and nothing else: decimal, 0x hexadecimal or 0 octal, as strtoul(3) with base 0
// has it, but without signs and blanks.
std::optional<uint64_t> ParseUnsigned(std::string_view text);

// The same with an optional minus sign.
std::optional<int64_t> ParseSigned(std::string_view text);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_BASE_TEXT_H_
