// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/leak_policy.h"

#include <algorithm>
#include <array>
#include <regex>

namespace lxcspec::launcher {
namespace {

struct AllowedResidue {
  const char* leak_class;
  const char* what;  // regular expression for the whole name
  const char* because;
};

constexpr std::array kAllowedResidue = {
    AllowedResidue{"file", "/tmp/lxcspec/scratch/.*",
                   "the scratch directory is the suite's own and goes with the test"},
    AllowedResidue{"file", "/run/(lxc|lock)(/.*)?",
                   "a lock file cannot be unlinked without a race against those who wait on it"},
};

}  // namespace

std::vector<Leak> WithoutAllowedResidue(std::vector<Leak> leaks) {
  std::erase_if(leaks, [](const Leak& leak) {
    return std::any_of(kAllowedResidue.begin(), kAllowedResidue.end(), [&](const auto& allowed) {
      return leak.leak_class == allowed.leak_class &&
             std::regex_match(leak.what, std::regex(allowed.what));
    });
  });
  return leaks;
}

}  // namespace lxcspec::launcher
