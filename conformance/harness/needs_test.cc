// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/needs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string_view>

#include "conformance/harness/need_probes.h"
#include "spec/requirements.h"

namespace lxcspec {
namespace {

using ::testing::StrEq;

TEST(NeedsTest, EveryNeedOfTheSpecificationHasAProbeAndNoOther) {
  std::set<std::string_view> specified;
  for (const auto& need : spec::kNeeds) specified.insert(need.name);
  std::set<std::string_view> probed;
  for (const NeedProbe& probe : AllNeedProbes()) probed.insert(probe.name);
  EXPECT_EQ(probed, specified);
}

TEST(NeedsTest, AnswersOfAnEarlierRunAreTakenOver) {
  const std::string file = ::testing::TempDir() + "/needs";
  std::ofstream(file)
      << "chatter of a testee\n"
      << R"({"record": "need", "name": "pidfd", "present": false, "evidence": "pidfd_open: ENOSYS"})"
      << "\n";
  ASSERT_TRUE(LoadNeedAnswers(file).has_value());
  EXPECT_FALSE(AskNeed("pidfd").present);
  EXPECT_THAT(AskNeed("pidfd").evidence, StrEq("pidfd_open: ENOSYS"));
}

TEST(NeedsTest, AMissingFileIsAnError) {
  EXPECT_FALSE(LoadNeedAnswers("/nonexistent/needs").has_value());
}

}  // namespace
}  // namespace lxcspec
