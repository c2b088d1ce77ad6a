// SPDX-License-Identifier: Apache-2.0
//
// What device rules mean: containers make nodes of devices and open them.

#include <cerrno>
#include <string>
#include <vector>

#include "conformance/harness/device_test.h"

namespace lxcspec {
namespace {

constexpr char kEverything[] = "mrw+";
constexpr char kNothing[] = "";

class Cgroup2DevicesTest : public DeviceTest {};

TEST_F(Cgroup2DevicesTest, IsAnnounced) {
  COVERS(spec::cgroup2_devices::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("cgroup2_devices"));
}

TEST_F(Cgroup2DevicesTest, KeysReadAsAllThatTheyWereSetTo) {
  COVERS(spec::cgroup2_devices::kKeysReadBack);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());

  for (const auto& [key, value] :
       Rules({"deny a", "allow c 1:3 rwm", "deny b 7:* w", "allow c 5:* r"})) {
    ASSERT_OK(container->SetConfigItem(key, value));
  }

  EXPECT_THAT(container->GetConfigItem(kAllowDevices), SucceedsWith("c 1:3 rwm\nc 5:* r\n"));
  EXPECT_THAT(container->GetConfigItem(kDenyDevices), SucceedsWith("a\nb 7:* w\n"));
}

TEST_F(Cgroup2DevicesTest, WithoutRulesEveryDeviceMayBeUsed) {
  COVERS(spec::cgroup2_devices::kUnrestricted);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());

  EXPECT_THAT(Allowed(container, kNull), SucceedsWith(kEverything));
  EXPECT_THAT(Allowed(container, kFull), SucceedsWith(kEverything));
  EXPECT_THAT(MakeNode(container, 'b', 7, 0), SucceedsWith(0));
}

struct RuleList {
  std::string name;
  std::vector<std::string> rules;
};

class Cgroup2DevicesDenyAllTest : public Cgroup2DevicesTest,
                                  public ::testing::WithParamInterface<RuleList> {};

TEST_P(Cgroup2DevicesDenyAllTest, NoDeviceMayBeUsed) {
  COVERS(spec::cgroup2_devices::kDenyAll);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Rules(GetParam().rules)));

  for (const KnownDevice& device : {kNull, kZero, kFull}) {
    EXPECT_THAT(Allowed(container, device), SucceedsWith(kNothing)) << device.path;
  }
  EXPECT_THAT(MakeNode(container, 'b', 7, 0), SucceedsWith(EPERM));
}

INSTANTIATE_TEST_SUITE_P(
    All, Cgroup2DevicesDenyAllTest,
    ::testing::Values(RuleList{"Alone", {"deny a"}}, RuleList{"InFull", {"deny a *:* rwm"}},
                      RuleList{"AfterAllowAll", {"allow a", "deny a"}},
                      RuleList{"BeforeADenial", {"deny a", "deny c 1:3 r"}},
                      RuleList{"AfterOthers", {"allow c 1:3 rwm", "allow b *:* m", "deny a"}}),
    [](const auto& each) { return each.param.name; });

class Cgroup2DevicesAllowAllTest : public Cgroup2DevicesTest,
                                   public ::testing::WithParamInterface<RuleList> {};

TEST_P(Cgroup2DevicesAllowAllTest, EveryDeviceMayBeUsed) {
  COVERS(spec::cgroup2_devices::kAllowAll);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Rules(GetParam().rules)));

  for (const KnownDevice& device : {kNull, kZero, kFull}) {
    EXPECT_THAT(Allowed(container, device), SucceedsWith(kEverything)) << device.path;
  }
  EXPECT_THAT(MakeNode(container, 'b', 7, 0), SucceedsWith(0));
}

INSTANTIATE_TEST_SUITE_P(
    All, Cgroup2DevicesAllowAllTest,
    ::testing::Values(RuleList{"Alone", {"allow a"}}, RuleList{"InFull", {"allow a *:* rwm"}},
                      RuleList{"AfterDenyAll", {"deny a", "allow a"}},
                      RuleList{"InFullAfterDenyAll", {"deny a", "allow a *:* rwm"}},
                      RuleList{"BeforeAnAllowance", {"allow a", "allow c 1:3 r"}}),
    [](const auto& each) { return each.param.name; });

// What a rule for these uses says of each use, and of reading and writing at once.
struct Uses {
  std::string uses;
  std::string allowed;
  std::string not_denied;
};

class Cgroup2DevicesUsesTest : public Cgroup2DevicesTest,
                               public ::testing::WithParamInterface<Uses> {};

TEST_P(Cgroup2DevicesUsesTest, AllowlistAllowsTheseAlone) {
  COVERS(spec::cgroup2_devices::kAllowlist);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartProbed(Rules({"deny a", "allow c 1:5 " + GetParam().uses})));

  EXPECT_THAT(Allowed(container, kZero), SucceedsWith(GetParam().allowed));
  EXPECT_THAT(Allowed(container, kNull), SucceedsWith(kNothing));
  EXPECT_THAT(MakeNode(container, 'b', 1, 5), SucceedsWith(EPERM));
}

TEST_P(Cgroup2DevicesUsesTest, DenylistDeniesTheseAlone) {
  COVERS(spec::cgroup2_devices::kDenylist);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartProbed(Rules({"allow a", "deny c 1:5 " + GetParam().uses})));

  EXPECT_THAT(Allowed(container, kZero), SucceedsWith(GetParam().not_denied));
  EXPECT_THAT(Allowed(container, kNull), SucceedsWith(kEverything));
  EXPECT_THAT(MakeNode(container, 'b', 1, 5), SucceedsWith(0));
}

INSTANTIATE_TEST_SUITE_P(All, Cgroup2DevicesUsesTest,
                         ::testing::Values(Uses{"m", "m", "rw+"}, Uses{"r", "r", "mw"},
                                           Uses{"w", "w", "mr"}, Uses{"rm", "mr", "w"},
                                           Uses{"wm", "mw", "r"}, Uses{"rw", "rw+", "m"},
                                           Uses{"rwm", "mrw+", ""}),
                         [](const auto& each) { return each.param.uses; });

TEST_F(Cgroup2DevicesTest, SeveralRulesOfAnAllowlistHold) {
  COVERS(spec::cgroup2_devices::kAllowlist);
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartProbed(Rules({"deny a", "allow c 1:3 r", "allow c 1:5 rwm", "allow b 7:1 m"})));

  EXPECT_THAT(Allowed(container, kNull), SucceedsWith("r"));
  EXPECT_THAT(Allowed(container, kZero), SucceedsWith(kEverything));
  EXPECT_THAT(Allowed(container, kFull), SucceedsWith(kNothing));
  EXPECT_THAT(MakeNode(container, 'b', 7, 1), SucceedsWith(0));
  EXPECT_THAT(MakeNode(container, 'b', 7, 2), SucceedsWith(EPERM));
}

TEST_F(Cgroup2DevicesTest, SeveralRulesOfADenylistHold) {
  COVERS(spec::cgroup2_devices::kDenylist);
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartProbed(Rules({"allow a", "deny c 1:3 rwm", "deny c 1:5 m", "deny b 7:1 m"})));

  EXPECT_THAT(Allowed(container, kNull), SucceedsWith(kNothing));
  EXPECT_THAT(Allowed(container, kZero), SucceedsWith("rw+"));
  EXPECT_THAT(Allowed(container, kFull), SucceedsWith(kEverything));
  EXPECT_THAT(MakeNode(container, 'b', 7, 1), SucceedsWith(EPERM));
  EXPECT_THAT(MakeNode(container, 'b', 7, 2), SucceedsWith(0));
}

TEST_F(Cgroup2DevicesTest, DocumentedAllowlistMeansWhatTheManualPageSays) {
  COVERS(spec::cgroup2_devices::kDocumentedAllowlist);
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartProbed(Rules({"deny a", "allow c *:* m", "allow b *:* m", "allow c 1:3 rwm"})));

  EXPECT_THAT(Allowed(container, kNull), SucceedsWith(kEverything));
  EXPECT_THAT(Allowed(container, kZero), SucceedsWith("m"));
  EXPECT_THAT(MakeNode(container, 'b', 7, 0), SucceedsWith(0));
}

TEST_F(Cgroup2DevicesTest, DocumentedDenylistMeansWhatTheManualPageSays) {
  COVERS(spec::cgroup2_devices::kDocumentedDenylist);
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartProbed(Rules({"allow a", "deny c *:* m", "deny b *:* m", "deny c 1:3 rwm"})));

  EXPECT_THAT(Allowed(container, kNull), SucceedsWith(kNothing));
  EXPECT_THAT(Allowed(container, kZero), SucceedsWith("rw+"));
  EXPECT_THAT(MakeNode(container, 'b', 7, 0), SucceedsWith(EPERM));
}

struct Wildcard {
  std::string name;
  std::string rule;
  // Which of c 1:5, c 9:5, c 1:9, b 1:5 and b 9:9 nodes may be made of.
  std::vector<int> errors;
};

class Cgroup2DevicesWildcardTest : public Cgroup2DevicesTest,
                                   public ::testing::WithParamInterface<Wildcard> {};

TEST_P(Cgroup2DevicesWildcardTest, StandsForAny) {
  COVERS(spec::cgroup2_devices::kWildcards);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Rules({"deny a", "allow " + GetParam().rule})));

  std::vector<int> errors;
  for (const auto& [type, major, minor] :
       {std::tuple('c', 1, 5), {'c', 9, 5}, {'c', 1, 9}, {'b', 1, 5}, {'b', 9, 9}}) {
    ASSERT_OK_AND_ASSIGN(const int error, MakeNode(container, type, major, minor));
    errors.push_back(error);
  }
  EXPECT_EQ(errors, GetParam().errors);
  EXPECT_THAT(Open(container, kNull, "r"), SucceedsWith(EPERM));
}

INSTANTIATE_TEST_SUITE_P(
    All, Cgroup2DevicesWildcardTest,
    ::testing::Values(Wildcard{"None", "c 1:5 m", {0, EPERM, EPERM, EPERM, EPERM}},
                      Wildcard{"Minor", "c 1:* m", {0, EPERM, 0, EPERM, EPERM}},
                      Wildcard{"Major", "c *:5 m", {0, 0, EPERM, EPERM, EPERM}},
                      Wildcard{"Character", "c *:* m", {0, 0, 0, EPERM, EPERM}},
                      Wildcard{"Block", "b *:* m", {EPERM, EPERM, EPERM, 0, 0}},
                      Wildcard{"Type", "a 1:5 m", {0, EPERM, EPERM, 0, EPERM}},
                      Wildcard{"All", "a *:* m", {0, 0, 0, 0, 0}}),
    [](const auto& each) { return each.param.name; });

TEST_F(Cgroup2DevicesTest, DeniedReadingStopsReadingAndWriting) {
  COVERS(spec::cgroup2_devices::kDeniedReadStopsBoth);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Rules({"allow a", "deny c 1:3 r"})));

  EXPECT_THAT(Open(container, kNull, "rw"), SucceedsWith(EPERM));
  EXPECT_THAT(Open(container, kNull, "w"), SucceedsWith(0));
}

TEST_F(Cgroup2DevicesTest, DeniedWritingStopsReadingAndWriting) {
  COVERS(spec::cgroup2_devices::kDeniedReadStopsBoth);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Rules({"allow a", "deny c 1:3 w"})));

  EXPECT_THAT(Open(container, kNull, "rw"), SucceedsWith(EPERM));
  EXPECT_THAT(Open(container, kNull, "r"), SucceedsWith(0));
}

struct Reset {
  std::string name;
  std::vector<std::string> rules;
  // Of kNull and kZero.
  std::string null;
  std::string zero;
};

class Cgroup2DevicesResetTest : public Cgroup2DevicesTest,
                                public ::testing::WithParamInterface<Reset> {};

TEST_P(Cgroup2DevicesResetTest, EarlierRulesAreCleared) {
  COVERS(spec::cgroup2_devices::kReset);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Rules(GetParam().rules)));

  EXPECT_THAT(Allowed(container, kNull), SucceedsWith(GetParam().null));
  EXPECT_THAT(Allowed(container, kZero), SucceedsWith(GetParam().zero));
}

INSTANTIATE_TEST_SUITE_P(
    All, Cgroup2DevicesResetTest,
    ::testing::Values(
        Reset{"DenylistAgain", {"allow a", "deny c 1:3 rwm", "allow a"}, kEverything, kEverything},
        Reset{"AllowlistAgain",
              {"deny a", "allow c 1:3 rwm", "deny a", "allow c 1:5 r"},
              kNothing,
              "r"},
        Reset{"DenylistToAllowlist",
              {"allow a", "deny c 1:5 rwm", "deny a", "allow c 1:5 w"},
              kNothing,
              "w"},
        Reset{"AllowlistToDenylist",
              {"deny a", "allow c 1:3 rwm", "allow a", "deny c 1:3 m"},
              "rw+",
              kEverything}),
    [](const auto& each) { return each.param.name; });

TEST_F(Cgroup2DevicesTest, DenialInAnAllowlistTakesNothing) {
  COVERS(spec::cgroup2_devices::kDenyInAllowlist);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartProbed(Rules({"deny a", "allow c 1:* rw", "deny c 1:3 r"})));

  EXPECT_THAT(Allowed(container, kNull), SucceedsWith("rw+"));
}

TEST_F(Cgroup2DevicesTest, AllowanceInADenylistGivesNothing) {
  COVERS(spec::cgroup2_devices::kAllowInDenylist);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartProbed(Rules({"allow a", "deny c 1:* rwm", "allow c 1:3 rwm"})));

  EXPECT_THAT(Allowed(container, kNull), SucceedsWith(kNothing));
}

TEST_F(Cgroup2DevicesTest, DenialAloneDenies) {
  COVERS(spec::cgroup2_devices::kSpecificDeny);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Rules({"deny c 1:5 rwm"})));

  EXPECT_THAT(Allowed(container, kZero), SucceedsWith(kNothing));
}

TEST_F(Cgroup2DevicesTest, DenialAfterAnAllowanceDenies) {
  COVERS(spec::cgroup2_devices::kSpecificDeny);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Rules({"allow c 1:3 rwm", "deny c 1:5 rwm"})));

  EXPECT_THAT(Allowed(container, kZero), SucceedsWith(kNothing));
}

TEST_F(Cgroup2DevicesTest, DenialBeforeAnAllowanceDenies) {
  COVERS(spec::cgroup2_devices::kSpecificDeny);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Rules({"deny c 1:5 rwm", "allow c 1:3 rwm"})));

  EXPECT_THAT(Allowed(container, kZero), SucceedsWith(kNothing));
}

TEST_F(Cgroup2DevicesTest, DenialOfSomeOfWhatIsAllowedDenies) {
  COVERS(spec::cgroup2_devices::kSpecificDeny);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Rules({"allow c 1:* rwm", "deny c 1:5 rwm"})));

  EXPECT_THAT(Allowed(container, kZero), SucceedsWith(kNothing));
}

}  // namespace
}  // namespace lxcspec
