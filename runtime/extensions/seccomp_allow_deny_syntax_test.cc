// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/seccomp_allow_deny_syntax.h"

#include <gtest/gtest.h>

namespace lxcspec::runtime {
namespace {

TEST(SeccompAllowDenySyntaxTest, NewAndOlderWordsMeanTheSame) {
  const ListWords words = PolicyListWords(true);
  EXPECT_EQ(words("allowlist"), ListKind::kAllow);
  EXPECT_EQ(words("whitelist"), ListKind::kAllow);
  EXPECT_EQ(words("denylist"), ListKind::kDeny);
  EXPECT_EQ(words("blacklist"), ListKind::kDeny);
}

TEST(SeccompAllowDenySyntaxTest, OtherWordsMeanNothing) {
  for (const char* word : {"", "denylistXYZ", "allow", "Allowlist", "deny list"}) {
    EXPECT_EQ(PolicyListWords(true)(word), std::nullopt) << word;
  }
}

TEST(SeccompAllowDenySyntaxTest, SwitchedOffOnlyTheOlderWordsAreKnown) {
  const ListWords words = PolicyListWords(false);
  EXPECT_EQ(words("allowlist"), std::nullopt);
  EXPECT_EQ(words("denylist"), std::nullopt);
  EXPECT_EQ(words("whitelist"), ListKind::kAllow);
  EXPECT_EQ(words("blacklist"), ListKind::kDeny);
}

}  // namespace
}  // namespace lxcspec::runtime
