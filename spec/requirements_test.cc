// SPDX-License-Identifier: Apache-2.0
//
// The generated header, as its users see it.

#include "spec/requirements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

namespace lxcspec::spec {
namespace {

using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::Not;
using ::testing::StartsWith;

TEST(RequirementsTest, TheRegistrysOrderIsKept) {
  EXPECT_EQ(kExtensions.size(), 31u);
  EXPECT_EQ(kExtensions.front(), "lxc_log");
  EXPECT_EQ(kExtensions.back(), "environment_runtime_hooks");
}

TEST(RequirementsTest, AnIdIsUniqueAndBeginsWithItsExtension) {
  std::set<std::string_view> seen;
  for (const Requirement* requirement : kAllRequirements) {
    EXPECT_TRUE(seen.insert(requirement->id).second) << requirement->id;
    EXPECT_THAT(std::string(requirement->id),
                StartsWith(std::string(requirement->extension) + "."));
    EXPECT_THAT(kExtensions, Contains(requirement->extension));
  }
}

TEST(RequirementsTest, OnlyTheAnswerOfTheLibraryIsOfKindAnnounces) {
  for (const Requirement* requirement : kAllRequirements) {
    const std::string id(requirement->id);
    if (requirement->kind == Kind::kAnnounces) {
      EXPECT_THAT(id, EndsWith(".announced"));
    } else {
      EXPECT_THAT(id, Not(EndsWith(".announced")));
    }
  }
}

TEST(RequirementsTest, ANeedOfARequirementIsAmongTheNeeds) {
  EXPECT_FALSE(kNeeds.empty());
  for (const Requirement* requirement : kAllRequirements) {
    for (const std::string_view name : requirement->needs) {
      EXPECT_TRUE(std::any_of(kNeeds.begin(), kNeeds.end(),
                              [&](const NeedInfo& need) { return need.name == name; }))
          << requirement->id << " needs " << name;
    }
  }
}

}  // namespace
}  // namespace lxcspec::spec
