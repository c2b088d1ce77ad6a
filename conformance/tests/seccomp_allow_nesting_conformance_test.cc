// SPDX-License-Identifier: Apache-2.0
//
// Containers whose starter has a filter, as every process of a container with a policy has. The
// test gives itself one: what it starts afterwards is nested as far as filters go.

#include <cerrno>
#include <fstream>
#include <string>

#include "conformance/harness/nested_container.h"
#include "conformance/harness/processes.h"
#include "conformance/harness/seccomp_test.h"

namespace lxcspec {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kKey[] = "lxc.seccomp.allow_nesting";
const ConfigItems kStacked = {{kKey, "1"}};
const ConfigItems kNotStacked = {{kKey, "0"}};

// kSubject fails with EDOM.
constexpr char kPolicy[] = "2\ndenylist\ngetppid errno 33\n";

// What the test's own filter, or an outer container's policy, has fail with ERANGE.
constexpr int kOuter = SYS_getpgrp;
constexpr char kOuterPolicy[] = "2\ndenylist\ngetpgrp errno 34\n";
constexpr int kOutermost = SYS_sched_get_priority_max;

class SeccompAllowNestingTest : public SeccompTest {
 protected:
  // A container inside of the outer one, with kPolicy for its own.
  Result<NestedContainer> StartInside(ProbedContainer& outer, ConfigItems config) {
    std::ofstream(rootfs() / "inner.policy") << kPolicy;
    config.emplace_back("lxc.seccomp.profile", "/inner.policy");
    return NestedContainer::Start(testee(), *outer, rootfs(), config);
  }
};

TEST_F(SeccompAllowNestingTest, IsAnnounced) {
  COVERS(spec::seccomp_allow_nesting::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("seccomp_allow_nesting"));
}

TEST_F(SeccompAllowNestingTest, KeyReadsAsItWasSet) {
  COVERS(spec::seccomp_allow_nesting::kKeyReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));
  EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("0"));

  ASSERT_OK(container->SetConfigItem(kKey, "1"));
  EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("1"));
  ASSERT_OK(container->SetConfigItem(kKey, "0"));
  EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("0"));

  ASSERT_OK(container->SetConfigItem(kKey, "1"));
  ASSERT_OK(container->ClearConfigItem(kKey));
  EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("0"));
}

TEST_F(SeccompAllowNestingTest, BothFiltersHold) {
  COVERS(spec::seccomp_allow_nesting::kStacks);
  ASSERT_OK(RefuseSystemCalls({kOuter}, ERANGE));

  ASSERT_OK_AND_ASSIGN(auto container, StartUnder(kPolicy, kStacked));

  EXPECT_THAT(container.Ask(SystemCall(kSubject)), FailsWithErrno(EDOM));
  EXPECT_THAT(container.Ask(SystemCall(kOuter)), FailsWithErrno(ERANGE));
}

TEST_F(SeccompAllowNestingTest, InnerPolicyAllowsNothingThatTheOuterFilterRefuses) {
  COVERS(spec::seccomp_allow_nesting::kInnerLoosensNothing);
  ASSERT_OK(RefuseSystemCalls({kOuter}, ERANGE));

  ASSERT_OK_AND_ASSIGN(auto container,
                       StartUnder("2\nallowlist errno 33\n" + AllNamesBut({"getppid"}), kStacked));

  EXPECT_THAT(container.Ask(SystemCall(kSubject)), FailsWithErrno(EDOM));
  EXPECT_THAT(container.Ask(SystemCall(kOuter)), FailsWithErrno(ERANGE));
}

TEST_F(SeccompAllowNestingTest, AllOfSeveralFiltersHold) {
  COVERS(spec::seccomp_allow_nesting::kStacksInAContainer);
  ASSERT_OK(RefuseSystemCalls({kOutermost}, ERANGE));
  ASSERT_OK(RefuseSystemCalls({kOuter}, ERANGE));

  ASSERT_OK_AND_ASSIGN(auto container, StartUnder(kPolicy, kStacked));

  EXPECT_THAT(container.Ask(SystemCall(kSubject)), FailsWithErrno(EDOM));
  EXPECT_THAT(container.Ask(SystemCall(kOuter)), FailsWithErrno(ERANGE));
  EXPECT_THAT(container.Ask(SystemCall(kOutermost)), FailsWithErrno(ERANGE));
}

TEST_F(SeccompAllowNestingTest, ContainerInAContainerIsUnderBothPolicies) {
  COVERS(spec::seccomp_allow_nesting::kInnerContainer);
  ASSERT_OK_AND_ASSIGN(auto outer, StartUnder(kOuterPolicy, ForNesting()));
  ASSERT_OK_AND_ASSIGN(auto inner, StartInside(outer, kStacked));
  ASSERT_THAT(inner.Depth(), SucceedsWith(3));

  EXPECT_THAT(inner.Ask(SystemCall(kSubject)), FailsWithErrno(EDOM));
  EXPECT_THAT(inner.Ask(SystemCall(kOuter)), FailsWithErrno(ERANGE));
  EXPECT_OK(inner.Ask(SystemCall(kOutermost)));
  EXPECT_OK(outer.Ask(SystemCall(kSubject)));
  EXPECT_THAT(outer.Ask(SystemCall(kOuter)), FailsWithErrno(ERANGE));
}

TEST_F(SeccompAllowNestingTest, AttachedProgramOfAConfinedClientIsUnderThePolicyToo) {
  COVERS(spec::seccomp_allow_nesting::kAttached);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder(kPolicy, kStacked));
  ASSERT_OK(RefuseSystemCalls({kOuter}, ERANGE));

  EXPECT_THAT(SucceedsAttached(*container, SystemCall(kSubject)), SucceedsWith(false));
  EXPECT_THAT(SucceedsAttached(*container, SystemCall(kOuter)), SucceedsWith(false));
  EXPECT_THAT(SucceedsAttached(*container, SystemCall(kOutermost)), SucceedsWith(true));
}

TEST_F(SeccompAllowNestingTest, PolicyIsLoadedWhereThereIsNoFilter) {
  COVERS(spec::seccomp_allow_nesting::kWithoutOuter);
  const ConfigItems policy = Policy(kPolicy);
  std::string name = "c";
  for (ConfigItems config : {ConfigItems{}, kNotStacked, kStacked}) {
    config.insert(config.end(), policy.begin(), policy.end());
    name += "c";
    ASSERT_OK_AND_ASSIGN(auto container, StartProbed(config, {}, name));

    EXPECT_THAT(container.Ask(SystemCall(kSubject)), FailsWithErrno(EDOM));
    EXPECT_OK(container.Ask(SystemCall(kOuter)));
  }
}

struct NotStacked {
  std::string name;
  ConfigItems config;
};

class SeccompAllowNestingNotStackedTest : public SeccompAllowNestingTest,
                                          public ::testing::WithParamInterface<NotStacked> {};

TEST_P(SeccompAllowNestingNotStackedTest, MissingPolicyIsRefusedOrTold) {
  COVERS(spec::seccomp_allow_nesting::kUnconfinedTold);
  ASSERT_OK(RefuseSystemCalls({kOuter}, ERANGE));
  ASSERT_OK(OpenLog());

  auto container = StartUnder(kPolicy, GetParam().config);

  if (!container) return;
  EXPECT_THAT(LogLinesWith("seccomp"), Not(IsEmpty()));
}

TEST_P(SeccompAllowNestingNotStackedTest, OuterFilterHolds) {
  COVERS(spec::seccomp_allow_nesting::kOuterHolds);
  ASSERT_OK(RefuseSystemCalls({kOuter}, ERANGE));

  auto container = StartUnder(kPolicy, GetParam().config);

  if (!container) return;
  EXPECT_THAT(container->Ask(SystemCall(kOuter)), FailsWithErrno(ERANGE));
}

INSTANTIATE_TEST_SUITE_P(All, SeccompAllowNestingNotStackedTest,
                         // Where an implementation looks for a filter in /proc, it finds it.
                         ::testing::Values(NotStacked{"Unset", {{"lxc.mount.auto", "proc"}}},
                                           NotStacked{"Zero",
                                                      {{"lxc.mount.auto", "proc"}, {kKey, "0"}}},
                                           NotStacked{"ZeroWithoutProc", kNotStacked}),
                         [](const auto& each) { return each.param.name; });

struct Refused {
  std::string name;
  std::string value;
};

class SeccompAllowNestingRefusedTest : public SeccompAllowNestingTest,
                                       public ::testing::WithParamInterface<Refused> {};

TEST_P(SeccompAllowNestingRefusedTest, KeyKeepsItsValue) {
  COVERS(spec::seccomp_allow_nesting::kKeyRefused);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  for (const std::string value : {"0", "1"}) {
    ASSERT_OK(container->SetConfigItem(kKey, value));

    EXPECT_THAT(container->SetConfigItem(kKey, GetParam().value), Fails());

    EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith(value));
  }
}

INSTANTIATE_TEST_SUITE_P(All, SeccompAllowNestingRefusedTest,
                         ::testing::Values(Refused{"Two", "2"}, Refused{"Negative", "-1"},
                                           Refused{"Word", "yes"}, Refused{"TextBehind", "1x"}),
                         [](const auto& each) { return each.param.name; });

TEST_F(SeccompAllowNestingTest, KeyAloneLoadsNoFilter) {
  COVERS(spec::seccomp_allow_nesting::kNoPolicy);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kStacked));

  EXPECT_EQ(StatusFieldOf(container.init(), "Seccomp"), "0");
}

TEST_F(SeccompAllowNestingTest, WithoutFiltersInTheKernelTheContainerDoesNotStart) {
  COVERS(spec::seccomp_allow_nesting::kNoFilters);
  ConfigItems config = Policy(kPolicy);
  config.insert(config.end(), kStacked.begin(), kStacked.end());
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}, config));
  ASSERT_OK(RefuseFilters());

  EXPECT_THAT(container->Start({}), Fails());

  EXPECT_EQ(container->State(), "STOPPED");
}

}  // namespace
}  // namespace lxcspec
