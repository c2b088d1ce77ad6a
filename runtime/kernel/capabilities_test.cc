// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/capabilities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>

#include "runtime/kernel/rlimit.h"

namespace lxcspec::runtime {
namespace {

using ::testing::Optional;

TEST(CapabilitiesTest, NamesAndNumbersAreKnown) {
  EXPECT_THAT(CapabilityNumber("chown"), Optional(CAP_CHOWN));
  EXPECT_THAT(CapabilityNumber("CAP_SYS_ADMIN"), Optional(CAP_SYS_ADMIN));
  EXPECT_THAT(CapabilityNumber("checkpoint_restore"), Optional(CAP_CHECKPOINT_RESTORE));
  EXPECT_THAT(CapabilityNumber("21"), Optional(CAP_SYS_ADMIN));
}

TEST(CapabilitiesTest, OthersAreNot) {
  for (const char* name : {"", "cap_", "fly", "64", "-1", "sys_admin "}) {
    EXPECT_EQ(CapabilityNumber(name), std::nullopt) << name;
  }
}

TEST(ResourceLimitsTest, NamesAreThoseOfSetrlimitInLowerCase) {
  EXPECT_THAT(ResourceNumber("nofile"), Optional(static_cast<int>(RLIMIT_NOFILE)));
  EXPECT_THAT(ResourceNumber("rttime"), Optional(static_cast<int>(RLIMIT_RTTIME)));
  EXPECT_EQ(ResourceNumber("NOFILE"), std::nullopt);
  EXPECT_EQ(ResourceNumber("files"), std::nullopt);
}

}  // namespace
}  // namespace lxcspec::runtime
