// SPDX-License-Identifier: Apache-2.0
//
// The head of a policy: its version, its kind, and what happens to the calls that no rule names.

#include <cerrno>
#include <filesystem>
#include <string>

#include "conformance/harness/processes.h"
#include "conformance/harness/seccomp_test.h"

namespace lxcspec {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

constexpr int kStopSeconds = 10;
constexpr char kProfile[] = "lxc.seccomp.profile";

class SeccompAllowDenySyntaxTest : public SeccompTest {};

TEST_F(SeccompAllowDenySyntaxTest, IsAnnounced) {
  COVERS(spec::seccomp_allow_deny_syntax::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("seccomp_allow_deny_syntax"));
}

TEST_F(SeccompAllowDenySyntaxTest, KeyReadsAsThePathThatItWasSetTo) {
  COVERS(spec::seccomp_allow_deny_syntax::kKeyReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));
  EXPECT_THAT(container->GetConfigItem(kProfile), SucceedsWith(""));

  ASSERT_OK(container->SetConfigItem(kProfile, "/nonexistent/policy"));

  EXPECT_THAT(container->GetConfigItem(kProfile), SucceedsWith("/nonexistent/policy"));
  ASSERT_OK(container->ClearConfigItem(kProfile));
  EXPECT_THAT(container->GetConfigItem(kProfile), SucceedsWith(""));
}

TEST_F(SeccompAllowDenySyntaxTest, ContainerWithoutAPolicyHasNoFilter) {
  COVERS(spec::seccomp_allow_deny_syntax::kNoPolicy);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());

  EXPECT_EQ(StatusFieldOf(container.init(), "Seccomp"), "0");
}

TEST_F(SeccompAllowDenySyntaxTest, DenylistLeavesOtherCallsAlone) {
  COVERS(spec::seccomp_allow_deny_syntax::kDenylistAllowsRest);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\ngetppid errno 33\n"));

  EXPECT_OK(container.Ask(SystemCall(kOtherSubject)));
  EXPECT_EQ(StatusFieldOf(container.init(), "Seccomp"), "2") << "there is no filter at all";
}

TEST_F(SeccompAllowDenySyntaxTest, DenylistKillsWhoeverMakesAListedCall) {
  COVERS(spec::seccomp_allow_deny_syntax::kDenylistKills);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\ngetppid\n"));

  EXPECT_THAT(container.Ask(InChild(SystemCall(kSubject))), SucceedsWith(kKilledBySigsys));
}

TEST_F(SeccompAllowDenySyntaxTest, AllowlistLeavesListedCallsAlone) {
  COVERS(spec::seccomp_allow_deny_syntax::kAllowlistAllows);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\nallowlist\n" + AllNamesBut({"getppid"})));

  EXPECT_OK(container.Ask(SystemCall(kOtherSubject)));
  EXPECT_EQ(StatusFieldOf(container.init(), "Seccomp"), "2") << "there is no filter at all";
}

TEST_F(SeccompAllowDenySyntaxTest, AllowlistKillsWhoeverMakesAnotherCall) {
  COVERS(spec::seccomp_allow_deny_syntax::kAllowlistKillsRest);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\nallowlist\n" + AllNamesBut({"getppid"})));

  EXPECT_THAT(container.Ask(InChild(SystemCall(kSubject))), SucceedsWith(kKilledBySigsys));
}

TEST_F(SeccompAllowDenySyntaxTest, BlacklistIsADenylist) {
  COVERS(spec::seccomp_allow_deny_syntax::kOlderWords);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\nblacklist\ngetppid\n"));

  EXPECT_OK(container.Ask(SystemCall(kOtherSubject)));
  EXPECT_THAT(container.Ask(InChild(SystemCall(kSubject))), SucceedsWith(kKilledBySigsys));
}

TEST_F(SeccompAllowDenySyntaxTest, WhitelistIsAnAllowlist) {
  COVERS(spec::seccomp_allow_deny_syntax::kOlderWords);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\nwhitelist\n" + AllNamesBut({"getppid"})));

  EXPECT_OK(container.Ask(SystemCall(kOtherSubject)));
  EXPECT_THAT(container.Ask(InChild(SystemCall(kSubject))), SucceedsWith(kKilledBySigsys));
}

TEST_F(SeccompAllowDenySyntaxTest, ActionOfAnAllowlistIsForCallsThatAreNotListed) {
  COVERS(spec::seccomp_allow_deny_syntax::kDefaultAction);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartUnder("2\nallowlist errno 33\n" + AllNamesBut({"getppid"})));

  EXPECT_THAT(container.Ask(SystemCall(kSubject)), FailsWithErrno(EDOM));
  EXPECT_OK(container.Ask(SystemCall(kOtherSubject)));
}

TEST_F(SeccompAllowDenySyntaxTest, FirstVersionListsTheNumbersOfAllowedCalls) {
  COVERS(spec::seccomp_allow_deny_syntax::kVersion1);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("1\nallowlist\n" + AllNumbersBut({kSubject})));

  EXPECT_OK(container.Ask(SystemCall(kOtherSubject)));
  EXPECT_THAT(container.Ask(InChild(SystemCall(kSubject))), SucceedsWith(kKilledBySigsys));
}

TEST_F(SeccompAllowDenySyntaxTest, CommentsAndEmptyLinesMeanNothing) {
  COVERS(spec::seccomp_allow_deny_syntax::kComments);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartUnder("2\ndenylist\n# getpgrp errno 1\n\n#\ngetppid errno 33"));

  EXPECT_THAT(container.Ask(SystemCall(kSubject)), FailsWithErrno(EDOM));
  EXPECT_OK(container.Ask(SystemCall(kOtherSubject)));
}

TEST_F(SeccompAllowDenySyntaxTest, DenylistOfNothingIsAPolicy) {
  COVERS(spec::seccomp_allow_deny_syntax::kComments);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\n"));

  EXPECT_THAT(container.Ask(SystemCall(kSubject)), SucceedsWith("0"));
}

TEST_F(SeccompAllowDenySyntaxTest, UnknownCallKeepsNoOtherRuleFromHolding) {
  COVERS(spec::seccomp_allow_deny_syntax::kUnknownCallSkipped);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartUnder("2\ndenylist\ngetpid_of_nobody errno 1\ngetppid errno 33\n"));

  EXPECT_THAT(container.Ask(SystemCall(kSubject)), FailsWithErrno(EDOM));
  EXPECT_OK(container.Ask(SystemCall(kOtherSubject)));
}

TEST_F(SeccompAllowDenySyntaxTest, LogNamesAnUnknownCall) {
  COVERS(spec::seccomp_allow_deny_syntax::kUnknownCallTold);
  ASSERT_OK(OpenLog());

  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\ngetpid_of_nobody errno 1\n"));

  EXPECT_THAT(LogLinesWith("getpid_of_nobody"), Not(IsEmpty()));
}

// When the file is read, and for whom.

TEST_F(SeccompAllowDenySyntaxTest, FileIsReadWhenTheContainerStarts) {
  COVERS(spec::seccomp_allow_deny_syntax::kReadAtStart);
  ConfigItems config = Policy("2\nnothing yet\n");
  config.emplace_back("lxc.init.cmd", "/probe serve /c.sock");
  ASSERT_OK_AND_ASSIGN(auto channel, ProbeChannel::Listen(rootfs(), "c.sock"));
  ASSERT_OK_AND_ASSIGN(auto configured, Configure({"pause"}, config));
  RunningContainer owned(std::move(configured));
  Policy("2\ndenylist\ngetppid errno 33\n");

  ASSERT_OK(owned->Start({}));

  ASSERT_OK_AND_ASSIGN(const pid_t init, channel.Accept(kPatience));
  ProbedContainer container(std::move(owned), std::move(channel), init);
  EXPECT_THAT(container.Ask(SystemCall(kSubject)), FailsWithErrno(EDOM));
}

TEST_F(SeccompAllowDenySyntaxTest, FileIsReadAgainAtTheNextStart) {
  COVERS(spec::seccomp_allow_deny_syntax::kReadAtStart);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\ngetppid errno 33\n"));
  ASSERT_OK(container->Stop());
  ASSERT_OK(container->Wait("STOPPED", kStopSeconds));
  Policy("2\ndenylist\ngetppid errno 34\n");

  ASSERT_OK(container->Start({}));

  ASSERT_OK(container.AwaitNextInit());
  EXPECT_THAT(container.Ask(SystemCall(kSubject)), FailsWithErrno(ERANGE));
}

TEST_F(SeccompAllowDenySyntaxTest, RebootedContainerIsUnderThePolicy) {
  COVERS(spec::seccomp_allow_deny_syntax::kAfterReboot);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\ngetppid errno 33\n"));

  ASSERT_OK(container.Tell({"reboot"}));

  ASSERT_OK(container.AwaitNextInit());
  EXPECT_THAT(container.Ask(SystemCall(kSubject)), FailsWithErrno(EDOM));
}

TEST_F(SeccompAllowDenySyntaxTest, AttachedProgramIsUnderThePolicy) {
  COVERS(spec::seccomp_allow_deny_syntax::kAttached);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\ngetppid errno 33\n"));

  EXPECT_THAT(SucceedsAttached(*container, SystemCall(kSubject)), SucceedsWith(false));
  EXPECT_THAT(SucceedsAttached(*container, SystemCall(kOtherSubject)), SucceedsWith(true));
}

TEST_F(SeccompAllowDenySyntaxTest, LooserFileFreesNoAttachedProgram) {
  COVERS(spec::seccomp_allow_deny_syntax::kAttachedAsStarted);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\ngetppid errno 33\n"));
  Policy("2\ndenylist\n");

  EXPECT_THAT(SucceedsAttached(*container, SystemCall(kSubject)), Not(SucceedsWith(true)));
}

TEST_F(SeccompAllowDenySyntaxTest, WithoutFiltersInTheKernelTheContainerDoesNotStart) {
  COVERS(spec::seccomp_allow_deny_syntax::kNoFilters);
  ConfigItems config = Policy("2\ndenylist\ngetppid errno 33\n");
  // What refuses filters is one itself, and the container's is to be loaded all the same.
  config.emplace_back("lxc.seccomp.allow_nesting", "1");
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}, config));
  ASSERT_OK(RefuseFilters());

  EXPECT_THAT(container->Start({}), Fails());

  EXPECT_EQ(container->State(), "STOPPED");
}

}  // namespace
}  // namespace lxcspec
