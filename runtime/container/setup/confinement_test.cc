// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/setup/confinement.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <optional>

#include "runtime/config/parser.h"

namespace lxcspec::runtime {
namespace {

constexpr const char* kDefault = "lxc-container-default-cgns";

LsmState WithAppArmor(const std::string& label = "unconfined") {
  return {.apparmor = true, .selinux = false, .apparmor_label = label};
}

Result<Confinement> Planned(const std::string& text, const LsmState& state, bool loaded = true) {
  Config config;
  EXPECT_TRUE(LoadText(text, config));
  return PlanConfinement(config, state, [loaded](std::string_view) { return loaded; });
}

TEST(ConfinementTest, HostWithoutModulesConfinesNothing) {
  const auto planned = Planned("lxc.apparmor.profile = x\nlxc.selinux.context = y", {});

  ASSERT_TRUE(planned);
  EXPECT_EQ(planned->apparmor, "");
  EXPECT_EQ(planned->selinux, "");
}

TEST(ConfinementTest, ConfiguredProfileIsUsedWhetherItIsSeenOrNot) {
  EXPECT_EQ(Planned("lxc.apparmor.profile = x", WithAppArmor(), false)->apparmor, "x");
}

TEST(ConfinementTest, DefaultProfileIsUsedWhereItIsLoaded) {
  EXPECT_EQ(Planned("", WithAppArmor())->apparmor, kDefault);
  EXPECT_EQ(Planned("", WithAppArmor(), false)->apparmor, "");
}

TEST(ConfinementTest, ConfinedStarterConfinesItsContainersByDefault) {
  EXPECT_EQ(Planned("", WithAppArmor("outer"))->apparmor, "");
  EXPECT_EQ(Planned("lxc.apparmor.profile = unconfined", WithAppArmor("outer"))->apparmor,
            "unconfined");
}

TEST(ConfinementTest, UnchangedAndUnconfinedChangeNothing) {
  EXPECT_EQ(Planned("lxc.apparmor.profile = unchanged", WithAppArmor("outer"))->apparmor, "");
  EXPECT_EQ(Planned("lxc.apparmor.profile = unconfined", WithAppArmor())->apparmor, "");
}

TEST(ConfinementTest, InstalledProfileStandsForAGeneratedOne) {
  EXPECT_EQ(Planned("lxc.apparmor.profile = generated", WithAppArmor())->apparmor, kDefault);
  EXPECT_EQ(
      Planned("lxc.apparmor.profile = generated\nlxc.apparmor.allow_nesting = 1", WithAppArmor())
          ->apparmor,
      "lxc-container-default-with-nesting");
  EXPECT_EQ(Planned("lxc.apparmor.profile = generated", WithAppArmor("outer"))->apparmor, "");
}

TEST(ConfinementTest, GeneratedProfileIsRefusedWhereNothingCanStandForIt) {
  const auto planned = Planned("lxc.apparmor.profile = generated", WithAppArmor(), false);

  ASSERT_FALSE(planned);
  EXPECT_EQ(planned.error().code, ENOTSUP);
}

TEST(ConfinementTest, SelinuxContextIsUsedUnlessItIsTheUnconfinedOne) {
  const LsmState state{.apparmor = false, .selinux = true, .apparmor_label = "unconfined"};

  EXPECT_EQ(Planned("lxc.selinux.context = a:b:c:d", state)->selinux, "a:b:c:d");
  EXPECT_EQ(Planned("lxc.selinux.context = unconfined_t", state)->selinux, "");
}

LsmState WithSelinux() { return {.apparmor = false, .selinux = true, .apparmor_label = ""}; }

TEST(AttachedConfinementTest, HostWithoutModulesLabelsNothing) {
  const Confinement planned = PlanAttachedConfinement({}, {}, {}, "asked");

  EXPECT_EQ(planned.apparmor, "");
  EXPECT_EQ(planned.selinux, "");
}

TEST(AttachedConfinementTest, AttachedProcessGetsInitsLabel) {
  const Confinement by_apparmor = PlanAttachedConfinement(
      WithAppArmor(), {.apparmor = "unconfined"}, {.apparmor = kDefault}, std::nullopt);
  const Confinement by_selinux = PlanAttachedConfinement(
      WithSelinux(), {.selinux = "u:r:own"}, {.selinux = "u:r:container"}, std::nullopt);

  EXPECT_EQ(by_apparmor.apparmor, kDefault);
  EXPECT_EQ(by_apparmor.selinux, "");
  EXPECT_EQ(by_selinux.apparmor, "");
  EXPECT_EQ(by_selinux.selinux, "u:r:container");
}

TEST(AttachedConfinementTest, LabelThatItHasAlreadyIsNotSet) {
  const Confinement planned = PlanAttachedConfinement(
      WithAppArmor(kDefault), {.apparmor = kDefault}, {.apparmor = kDefault}, std::nullopt);

  EXPECT_EQ(planned.apparmor, "");
}

TEST(AttachedConfinementTest, UnconfinedInitTakesTheCallersConfinementAway) {
  const Confinement planned = PlanAttachedConfinement(WithAppArmor("mine"), {.apparmor = "mine"},
                                                      {.apparmor = "unconfined"}, std::nullopt);

  EXPECT_EQ(planned.apparmor, "unconfined");
}

TEST(AttachedConfinementTest, LabelThatIsAskedForTakesThePlaceOfInits) {
  const Confinement by_apparmor = PlanAttachedConfinement(
      WithAppArmor(), {.apparmor = "unconfined"}, {.apparmor = kDefault}, "asked");
  const Confinement by_selinux = PlanAttachedConfinement(WithSelinux(), {.selinux = "u:r:own"},
                                                         {.selinux = "u:r:container"}, "asked");

  EXPECT_EQ(by_apparmor.apparmor, "asked");
  EXPECT_EQ(by_selinux.selinux, "asked");
}

}  // namespace
}  // namespace lxcspec::runtime
