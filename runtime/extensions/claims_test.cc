// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/claims.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace lxcspec::runtime {
namespace {

class ClaimsTest : public ::testing::Test {
 protected:
  void TearDown() override { unsetenv(kDisableVariable); }
};

TEST_F(ClaimsTest, ClaimsWhatIsBuilt) {
  EXPECT_TRUE(IsClaimed("lxc_log"));
  EXPECT_TRUE(IsClaimed("lxc_config_item_is_supported"));
}

TEST_F(ClaimsTest, ClaimsNothingElse) {
  for (const char* name : {"", "lxc", "lxc_logs", "LXC_LOG", "no_such_extension"}) {
    EXPECT_FALSE(IsClaimed(name)) << name;
  }
}

TEST_F(ClaimsTest, DoesNotClaimWhatIsSwitchedOff) {
  setenv(kDisableVariable, "console_log, lxc_log", 1);
  EXPECT_FALSE(IsClaimed("lxc_log"));
  EXPECT_TRUE(IsClaimed("lxc_config_item_is_supported"));
}

}  // namespace
}  // namespace lxcspec::runtime
