// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/environment_runtime_hooks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lxcspec::runtime {
namespace {

using ::testing::ElementsAre;

const EnvironmentKeys kKeys{.both = {"A=wide", "B=1", "B=2"},
                            .runtime = {"A=inside", "C=3"},
                            .hooks = {"D=4", "A=outside"}};

TEST(EnvironmentRuntimeHooksTest, EachHasItsOwnAndWhatIsForBoth) {
  EXPECT_THAT(RuntimeVariables(kKeys), ElementsAre("B=2", "A=inside", "C=3"));
  EXPECT_THAT(HookVariables(kKeys), ElementsAre("B=2", "D=4", "A=outside"));
}

TEST(EnvironmentRuntimeHooksTest, ANameIsThereOnce) {
  std::vector<std::string> variables = {"AB=1", "A=1"};
  PutVariable(variables, "A=x=y z");
  PutVariable(variables, "no variable");
  PutVariable(variables, "B=");
  EXPECT_THAT(variables, ElementsAre("AB=1", "A=x=y z", "B="));
}

}  // namespace
}  // namespace lxcspec::runtime
