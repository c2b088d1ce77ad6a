// SPDX-License-Identifier: Apache-2.0
//
// Rules for one architecture or for all: a 64-bit kernel runs 32-bit programs too, whose calls have
// other numbers.

#include <cerrno>
#include <string>

#include "conformance/harness/seccomp_test.h"

namespace lxcspec {
namespace {

class SeccompAllowDenySyntaxSectionsTest : public SeccompTest {};

TEST_F(SeccompAllowDenySyntaxSectionsTest, RulesForAllHoldForTheMachinesOwn) {
  COVERS(spec::seccomp_allow_deny_syntax::kSectionAll);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartUnder("2\ndenylist\n[x86_64]\n[all]\ngetppid errno 33\n"));

  EXPECT_THAT(container.Ask(SystemCall(kSubject)), FailsWithErrno(EDOM));
}

TEST_F(SeccompAllowDenySyntaxSectionsTest, RulesFor64BitProgramsAreForThemOnly) {
  COVERS(spec::seccomp_allow_deny_syntax::kSectionNative);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\n[x86_64]\ngetppid errno 33\n"));

  EXPECT_THAT(container.Ask(SystemCall(kSubject)), FailsWithErrno(EDOM));
  EXPECT_THAT(container.Ask(CompatCall(kCompatSubject)), SucceedsWith("0"));
}

TEST_F(SeccompAllowDenySyntaxSectionsTest, RulesFor32BitProgramsHoldForThem) {
  COVERS(spec::seccomp_allow_deny_syntax::kSectionCompat);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\n[x86]\ngetppid errno 33\n"));

  EXPECT_THAT(container.Ask(CompatCall(kCompatSubject)), FailsWithErrno(EDOM));
  EXPECT_OK(container.Ask(CompatCall(kCompatOtherSubject)));
}

TEST_F(SeccompAllowDenySyntaxSectionsTest, RulesFor32BitProgramsLeaveOthersAlone) {
  COVERS(spec::seccomp_allow_deny_syntax::kSectionCompatOnly);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\n[x86]\ngetppid errno 33\n"));

  EXPECT_THAT(container.Ask(SystemCall(kSubject)), SucceedsWith("0"));
}

TEST_F(SeccompAllowDenySyntaxSectionsTest, RulesForOtherMachinesHoldForNobodyHere) {
  COVERS(spec::seccomp_allow_deny_syntax::kSectionOfOthers);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\n"
                                                  "[arm]\ngetppid errno 33\n"
                                                  "[s390x]\ngetppid errno 33\n"
                                                  "[x86_64]\ngetpgrp errno 33\n"));

  EXPECT_THAT(container.Ask(SystemCall(kSubject)), SucceedsWith("0"));
  EXPECT_THAT(container.Ask(SystemCall(kOtherSubject)), FailsWithErrno(EDOM));
}

TEST_F(SeccompAllowDenySyntaxSectionsTest, RulesBeforeAnySectionHoldFor32BitProgramsToo) {
  COVERS(spec::seccomp_allow_deny_syntax::kEveryConvention);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\ngetppid errno 33\n"));

  EXPECT_THAT(container.Ask(SystemCall(kSubject)), FailsWithErrno(EDOM));
  EXPECT_THAT(container.Ask(CompatCall(kCompatSubject)), FailsWithErrno(EDOM));
  EXPECT_OK(container.Ask(CompatCall(kCompatOtherSubject)));
}

TEST_F(SeccompAllowDenySyntaxSectionsTest, RulesForAllHoldFor32BitProgramsToo) {
  COVERS(spec::seccomp_allow_deny_syntax::kEveryConvention);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\n[all]\n"
                                                  "getppid errno 33 [0,5,SCMP_CMP_EQ]\n"));

  EXPECT_THAT(container.Ask(CompatCall(kCompatSubject, {5})), FailsWithErrno(EDOM));
  EXPECT_THAT(container.Ask(CompatCall(kCompatSubject, {6})), SucceedsWith("0"));
}

TEST_F(SeccompAllowDenySyntaxSectionsTest, AllowlistIsNotOpenTo32BitPrograms) {
  COVERS(spec::seccomp_allow_deny_syntax::kCompatNotOpen);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\nallowlist\n" + AllNamesBut({"getppid"})));

  EXPECT_THAT(container.Ask(InChild(CompatCall(kCompatSubject))), SucceedsWith(kKilledBySigsys));
}

TEST_F(SeccompAllowDenySyntaxSectionsTest, AllowlistFor64BitProgramsIsNotOpenTo32BitPrograms) {
  COVERS(spec::seccomp_allow_deny_syntax::kCompatNotOpen);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartUnder("2\nallowlist\n[x86_64]\n" + AllNamesBut({"getppid"})));

  EXPECT_THAT(container.Ask(InChild(CompatCall(kCompatSubject))), SucceedsWith(kKilledBySigsys));
}

}  // namespace
}  // namespace lxcspec
