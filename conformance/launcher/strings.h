// SPDX-License-Identifier: Apache-2.0
//
// Cutting text into pieces.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_STRINGS_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_STRINGS_H_

#include <string>
#include <string_view>
#include <vector>

namespace lxcspec::launcher {

// Pieces between separators, empty ones left out.
std::vector<std::string> Split(std::string_view text, char separator);

inline std::vector<std::string> SplitLines(std::string_view text) { return Split(text, '\n'); }

// Pieces between runs of blanks, tabs and line ends.
std::vector<std::string> SplitWords(std::string_view text);

// Without blanks, tabs, carriage returns and newlines at both ends.
std::string_view Trim(std::string_view text);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_STRINGS_H_
