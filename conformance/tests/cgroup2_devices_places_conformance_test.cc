// SPDX-License-Identifier: Apache-2.0
//
// Device rules elsewhere than on a container's own cgroup of version 2: in version 1, above an
// inner cgroup, and around and in a container inside of another one.

#include <cerrno>
#include <string>
#include <vector>

#include "conformance/harness/device_test.h"
#include "conformance/harness/nested_container.h"

namespace lxcspec {
namespace {

constexpr char kEverything[] = "mrw+";
constexpr char kNothing[] = "";

const ConfigItems kInnerCgroup = {{"lxc.cgroup.dir.monitor", "lxcspec.monitor"},
                                  {"lxc.cgroup.dir.container", "lxcspec.container"},
                                  {"lxc.cgroup.dir.container.inner", "inner"}};

class Cgroup2DevicesPlacesTest : public DeviceTest {
 protected:
  // The same rules as keys of version 1.
  static ConfigItems LegacyRules(const std::vector<std::string>& rules) {
    ConfigItems items = Rules(rules);
    for (auto& [key, value] : items) {
      key = key == kAllowDevices ? "lxc.cgroup.devices.allow" : "lxc.cgroup.devices.deny";
    }
    return items;
  }

  static ConfigItems Joined(ConfigItems first, const ConfigItems& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  }

  // The errno of opening it to read.
  static Result<int> Read(NestedContainer& container, const KnownDevice& device) {
    const auto answer = container.Ask({"open", device.path, "r"});
    return answer ? 0 : answer.error().code;
  }
};

TEST_F(Cgroup2DevicesPlacesTest, AllowlistOfVersionOneHolds) {
  COVERS(spec::cgroup2_devices::kLegacyRules);
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartProbed(LegacyRules({"deny a", "allow c 1:3 rwm", "allow c 1:5 r", "allow b 7:* m"})));

  EXPECT_THAT(Allowed(container, kNull), SucceedsWith(kEverything));
  EXPECT_THAT(Allowed(container, kZero), SucceedsWith("r"));
  EXPECT_THAT(Allowed(container, kFull), SucceedsWith(kNothing));
  EXPECT_THAT(MakeNode(container, 'b', 7, 1), SucceedsWith(0));
  EXPECT_THAT(MakeNode(container, 'b', 8, 1), SucceedsWith(EPERM));
}

TEST_F(Cgroup2DevicesPlacesTest, DenylistOfVersionOneHolds) {
  COVERS(spec::cgroup2_devices::kLegacyRules);
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartProbed(LegacyRules({"allow a", "deny c 1:3 rwm", "deny c 1:5 w", "deny b *:* m"})));

  EXPECT_THAT(Allowed(container, kNull), SucceedsWith(kNothing));
  EXPECT_THAT(Allowed(container, kZero), SucceedsWith("mr"));
  EXPECT_THAT(Allowed(container, kFull), SucceedsWith(kEverything));
  EXPECT_THAT(MakeNode(container, 'b', 8, 1), SucceedsWith(EPERM));
}

TEST_F(Cgroup2DevicesPlacesTest, RuleOfVersionOneIsAddedLive) {
  COVERS(spec::cgroup2_devices::kLegacyLiveChange);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(LegacyRules({"deny a", "allow c 1:3 rwm"})));
  ASSERT_THAT(Allowed(container, kZero), SucceedsWith(kNothing));

  ASSERT_OK(container->SetCgroupItem("devices.allow", "c 1:5 rw"));
  EXPECT_THAT(Allowed(container, kZero), SucceedsWith("rw+"));
  ASSERT_OK(container->SetCgroupItem("devices.deny", "c 1:3 rwm"));
  EXPECT_THAT(Allowed(container, kNull), SucceedsWith(kNothing));
}

TEST_F(Cgroup2DevicesPlacesTest, WhatIsNoRuleOfVersionOneKeepsTheContainerFromStarting) {
  COVERS(spec::cgroup2_devices::kLegacyNoRule);
  for (const char* text : {"everything", "x 1:5 rwm", "c 1:5", "c x:y rwm"}) {
    auto container =
        Configure({"pause"}, {{"lxc.cgroup.devices.deny", text}}, std::string("c") + text[0]);
    if (!container) continue;
    EXPECT_THAT((*container)->Start({}), Fails()) << text;
    EXPECT_EQ((*container)->State(), "STOPPED") << text;
    if ((*container)->IsRunning()) static_cast<void>((*container)->Stop());
  }
}

TEST_F(Cgroup2DevicesPlacesTest, RulesOfVersionOneHoldAboveAnInnerCgroup) {
  COVERS(spec::cgroup2_devices::kLegacyInnerCgroup);
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartProbed(Joined(kInnerCgroup, LegacyRules({"deny a", "allow c 1:3 rwm"}))));

  EXPECT_THAT(Allowed(container, kNull), SucceedsWith(kEverything));
  EXPECT_THAT(Allowed(container, kZero), SucceedsWith(kNothing));

  ASSERT_OK(container->SetCgroupItem("devices.allow", "c 1:5 r"));
  EXPECT_THAT(Allowed(container, kZero), SucceedsWith("r"));
  ASSERT_OK(container->SetCgroupItem("devices.deny", "c 1:3 rwm"));
  EXPECT_THAT(Allowed(container, kNull), SucceedsWith(kNothing));
}

TEST_F(Cgroup2DevicesPlacesTest, DenylistOfVersionOneHoldsAboveAnInnerCgroup) {
  COVERS(spec::cgroup2_devices::kLegacyInnerCgroup);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartProbed(Joined(kInnerCgroup, LegacyRules({"deny c 1:7 rwm", "allow a",
                                                                     "deny c 1:3 w"}))));

  EXPECT_THAT(Allowed(container, kNull), SucceedsWith("mr"));
  EXPECT_THAT(Allowed(container, kFull), SucceedsWith(kEverything));
}

TEST_F(Cgroup2DevicesPlacesTest, RulesHoldAboveAnInnerCgroup) {
  COVERS(spec::cgroup2_devices::kInnerCgroup);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartProbed(Joined(kInnerCgroup, Rules({"deny a", "allow c 1:3 rwm"}))));

  EXPECT_THAT(Allowed(container, kNull), SucceedsWith(kEverything));
  EXPECT_THAT(Allowed(container, kZero), SucceedsWith(kNothing));

  ASSERT_OK(container->SetCgroupItem("devices.allow", "c 1:5 r"));
  EXPECT_THAT(Allowed(container, kZero), SucceedsWith("r"));
}

TEST_F(Cgroup2DevicesPlacesTest, ContainerInAContainerIsUnderTheRulesOfBoth) {
  COVERS(spec::cgroup2_devices::kNested);
  // What starting a container takes: nodes, and terminals.
  const std::vector<std::string> own = {"deny a",          "allow c *:* m",     "allow b *:* m",
                                        "allow c 5:* rwm", "allow c 136:* rwm", "allow c 1:3 rwm"};
  std::vector<std::string> outer_rules = own;
  outer_rules.emplace_back("allow c 1:5 rwm");
  std::vector<std::string> inner_rules = own;
  inner_rules.emplace_back("allow c 1:7 rwm");
  ASSERT_OK_AND_ASSIGN(auto outer, StartProbed(Joined(ForNesting(), Rules(outer_rules))));
  ASSERT_OK_AND_ASSIGN(auto inner,
                       NestedContainer::Start(testee(), *outer, rootfs(), Rules(inner_rules)));
  ASSERT_THAT(inner.Depth(), SucceedsWith(3));

  EXPECT_THAT(Read(inner, kNull), SucceedsWith(0));
  EXPECT_THAT(Read(inner, kZero), SucceedsWith(EPERM));
  EXPECT_THAT(Read(inner, kFull), SucceedsWith(EPERM));
  EXPECT_THAT(Open(outer, kZero, "r"), SucceedsWith(0));
  EXPECT_THAT(Open(outer, kFull, "r"), SucceedsWith(EPERM));
}

TEST_F(Cgroup2DevicesPlacesTest, InAUserNamespaceRulesHoldOrTheContainerDoesNotStart) {
  COVERS(spec::cgroup2_devices::kInUserNamespace);
  ASSERT_OK_AND_ASSIGN(const ConfigItems maps, MapIds());
  ASSERT_OK_AND_ASSIGN(auto outer, StartProbed(Joined(ForNesting(), maps)));

  auto inner = NestedContainer::Start(testee(), *outer, rootfs(),
                                      Rules({"deny a", "allow c 1:3 rwm", "allow c 5:* rwm"}));

  if (!inner) return;
  EXPECT_THAT(Read(*inner, kNull), SucceedsWith(0));
  EXPECT_THAT(Read(*inner, kZero), SucceedsWith(EPERM));
}

}  // namespace
}  // namespace lxcspec
