// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/leak.h"

#include <algorithm>
#include <cctype>
#include <regex>

namespace lxcspec::launcher {
namespace {

constexpr size_t kLongestName = 256;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Whether six letters and digits look drawn by mkstemp(3) and its like: a word has one case and no
// digits.
bool LooksRandom(std::string_view word) {
  const bool digit = std::any_of(word.begin(), word.end(), IsDigit);
  const bool upper = std::any_of(word.begin(), word.end(), [](char c) { return isupper(c) != 0; });
  const bool lower = std::any_of(word.begin(), word.end(), [](char c) { return islower(c) != 0; });
  return int{digit} + int{upper} + int{lower} >= 2;
}

std::string WithoutRandomSuffix(const std::string& name) {
  // After a separator, or after the prefix of an interface's name, at the end.
  static const std::regex suffix("(.*[._-]|(?:.*/)?(?:veth|mc|ip))([A-Za-z0-9]{6})");
  std::smatch match;
  if (!std::regex_match(name, match, suffix)) return name;
  if (!LooksRandom(match[2].str())) return name;
  return match[1].str() + "<random>";
}

}  // namespace

std::string StableName(std::string_view name) {
  const std::string input = WithoutRandomSuffix(std::string(name));
  std::string stable;
  for (size_t i = 0; i < input.size();) {
    if (!IsDigit(input[i])) {
      stable.push_back(input[i++]);
      continue;
    }
    size_t end = i;
    while (end < input.size() && IsDigit(input[end])) ++end;
    const bool letter_before = i > 0 && (IsAlpha(input[i - 1]) || input[i - 1] == '_');
    const bool letter_after = end < input.size() && IsAlpha(input[end]);
    // A number of its own is a process id or a counter. Behind letters, few digits belong to the
    // name (`eth0`).
    const bool varies = !letter_after && (!letter_before || end - i >= 3);
    stable += varies ? "<n>" : input.substr(i, end - i);
    i = end;
  }
  return stable;
}

std::vector<Leak> Normalised(std::vector<Leak> leaks) {
  for (Leak& leak : leaks) {
    leak.what = StableName(leak.what);
    if (leak.what.size() > kLongestName) leak.what = leak.what.substr(0, kLongestName) + "...";
  }
  std::sort(leaks.begin(), leaks.end());
  leaks.erase(std::unique(leaks.begin(), leaks.end()), leaks.end());
  return leaks;
}

}  // namespace lxcspec::launcher
