// SPDX-License-Identifier: Apache-2.0
//
// Rules of version 2: actions, and comparisons of arguments.

#include <sys/mount.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "conformance/harness/seccomp_test.h"

namespace lxcspec {
namespace {

using ::testing::AnyOf;

class SeccompAllowDenySyntaxRulesTest : public SeccompTest {
 protected:
  // A container in which this rule, and none else, has getppid fail with EDOM.
  Result<ProbedContainer> StartComparing(const std::string& comparisons) {
    return StartUnder("2\ndenylist\ngetppid errno 33 " + comparisons + "\n");
  }

  // Whether the rule held for a call with these arguments: EDOM, and else 0, in the init.
  static Result<bool> Holds(ProbedContainer& container, const Arguments& arguments) {
    const Result<std::string> answer = container.Ask(SystemCall(kSubject, arguments));
    if (answer) return false;
    if (answer.error().code == EDOM) return true;
    return Propagate(answer.error());
  }
};

TEST_F(SeccompAllowDenySyntaxRulesTest, ErrnoIsWhatTheCallFailsWith) {
  COVERS(spec::seccomp_allow_deny_syntax::kErrno);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartUnder("2\ndenylist\ngetppid errno 1\ngetpgrp errno 95\n"));

  EXPECT_THAT(container.Ask(SystemCall(kSubject)), FailsWithErrno(EPERM));
  EXPECT_THAT(container.Ask(SystemCall(kOtherSubject)), FailsWithErrno(EOPNOTSUPP));
}

TEST_F(SeccompAllowDenySyntaxRulesTest, CallThatFailsIsNotMade) {
  COVERS(spec::seccomp_allow_deny_syntax::kErrno);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\nmkdir errno 33\n"));
  ASSERT_OK(container.Ask({"poke", "/made"}));

  EXPECT_THAT(container.Ask({"syscall", std::to_string(SYS_mkdir), "@,0x1ed"}),
              FailsWithErrno(EDOM));

  EXPECT_FALSE(std::filesystem::exists(rootfs() / "made"));
}

TEST_F(SeccompAllowDenySyntaxRulesTest, ErrnoZeroPretendsThatTheCallWasMade) {
  COVERS(spec::seccomp_allow_deny_syntax::kErrnoZero);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\nmkdir errno 0\n"));
  ASSERT_OK(container.Ask({"poke", "/made"}));

  EXPECT_THAT(container.Ask({"syscall", std::to_string(SYS_mkdir), "@,0x1ed"}), SucceedsWith("0"));

  EXPECT_FALSE(std::filesystem::exists(rootfs() / "made"));
}

TEST_F(SeccompAllowDenySyntaxRulesTest, KillEndsTheCallerAlone) {
  COVERS(spec::seccomp_allow_deny_syntax::kKill);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\ngetppid kill\n"));
  ASSERT_OK_AND_ASSIGN(const std::string other, container.Ask({"spawn"}));

  EXPECT_THAT(container.Ask(InChild(SystemCall(kSubject))), SucceedsWith(kKilledBySigsys));
  // No handler is asked, as it is for `trap`.
  EXPECT_THAT(container.Ask({"in-child", "trapped", std::to_string(kSubject), "-"}),
              SucceedsWith(kKilledBySigsys));

  EXPECT_OK(container.Ask(SystemCall(SYS_kill, {std::stoull(other), 0})));
}

TEST_F(SeccompAllowDenySyntaxRulesTest, TrapSendsASignalThatNamesTheCall) {
  COVERS(spec::seccomp_allow_deny_syntax::kTrap);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\ngetppid trap\n"));

  // SYS_SECCOMP is 1.
  EXPECT_THAT(container.Ask({"in-child", "trapped", std::to_string(kSubject), "-"}),
              SucceedsWith("code 1 call 110 arch c000003e"));
}

TEST_F(SeccompAllowDenySyntaxRulesTest, AllowLetsACallOfAnAllowlistBeMade) {
  COVERS(spec::seccomp_allow_deny_syntax::kAllow);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\nallowlist errno 33\ngetppid allow\n" +
                                                  AllNamesBut({"getppid", "getpgrp"})));

  EXPECT_THAT(container.Ask(SystemCall(kSubject)), SucceedsWith("0"));
  EXPECT_THAT(container.Ask(SystemCall(kOtherSubject)), FailsWithErrno(EDOM));
}

struct Comparison {
  std::string name;
  std::string op;
  bool below;
  bool equal;
  bool above;
};

class SeccompAllowDenySyntaxComparisonTest : public SeccompAllowDenySyntaxRulesTest,
                                             public ::testing::WithParamInterface<Comparison> {};

// The value needs more than 32 bits, and what is compared with it differs in the lower or the
// upper half alone.
TEST_P(SeccompAllowDenySyntaxComparisonTest, RuleHoldsForWhatComparesSo) {
  COVERS(spec::seccomp_allow_deny_syntax::kComparisons);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartComparing("[0,0x500000005,SCMP_CMP_" + GetParam().op + "]"));

  EXPECT_THAT(Holds(container, {0x500000005}), SucceedsWith(GetParam().equal));
  for (const uint64_t below :
       {0ULL, 0x5ULL, 0x6ULL, 0x400000005ULL, 0x4ffffffffULL, 0x500000004ULL}) {
    EXPECT_THAT(Holds(container, {below}), SucceedsWith(GetParam().below)) << below;
  }
  for (const uint64_t above :
       {0x500000006ULL, 0x600000000ULL, 0x600000005ULL, 0x8000000500000005ULL, ~0ULL}) {
    EXPECT_THAT(Holds(container, {above}), SucceedsWith(GetParam().above)) << above;
  }
}

INSTANTIATE_TEST_SUITE_P(All, SeccompAllowDenySyntaxComparisonTest,
                         ::testing::Values(Comparison{"NotEqual", "NE", true, false, true},
                                           Comparison{"Less", "LT", true, false, false},
                                           Comparison{"LessOrEqual", "LE", true, true, false},
                                           Comparison{"Equal", "EQ", false, true, false},
                                           Comparison{"GreaterOrEqual", "GE", false, true, true},
                                           Comparison{"Greater", "GT", false, false, true}),
                         [](const auto& each) { return each.param.name; });

TEST_F(SeccompAllowDenySyntaxRulesTest, ValuesAreDecimalOrHexadecimalToTheLargest) {
  COVERS(spec::seccomp_allow_deny_syntax::kComparisons);
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartUnder("2\ndenylist\ngetppid errno 33 [0,18446744073709551615,SCMP_CMP_EQ]\n"
                 "getpgrp errno 33 [0,0xffffffffffffffff,SCMP_CMP_EQ]\n"));

  EXPECT_THAT(Holds(container, {~0ULL}), SucceedsWith(true));
  EXPECT_THAT(Holds(container, {~0ULL - 1}), SucceedsWith(false));
  EXPECT_THAT(container.Ask(SystemCall(kOtherSubject, {~0ULL})), FailsWithErrno(EDOM));
  EXPECT_OK(container.Ask(SystemCall(kOtherSubject, {0xffffffff})));
}

TEST_F(SeccompAllowDenySyntaxRulesTest, MaskedComparisonLooksAtTheBitsOfTheMask) {
  COVERS(spec::seccomp_allow_deny_syntax::kMaskedComparison);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartComparing("[0,0x5000000050,SCMP_CMP_MASKED_EQ,0xf0000000f0]"));

  for (const uint64_t same : {0x5000000050ULL, 0x15f0000015fULL, 0xffffff5fffffff5fULL}) {
    EXPECT_THAT(Holds(container, {same}), SucceedsWith(true)) << same;
  }
  for (const uint64_t other :
       {0ULL, 0x50ULL, 0x5000000000ULL, 0x5000000070ULL, 0x7000000050ULL, 0xf0000000f0ULL}) {
    EXPECT_THAT(Holds(container, {other}), SucceedsWith(false)) << other;
  }
}

TEST_F(SeccompAllowDenySyntaxRulesTest, IndexSaysWhichArgumentIsCompared) {
  COVERS(spec::seccomp_allow_deny_syntax::kEachArgument);
  std::string policy = "2\ndenylist\n";
  for (int index = 0; index < 6; ++index) {
    policy += "getppid errno 1" + std::to_string(index);
    // No call is meant by two of the rules.
    for (int other = 0; other < 6; ++other) {
      policy += " [" + std::to_string(other) + (other == index ? ",7" : ",0") + ",SCMP_CMP_EQ]";
    }
    policy += "\n";
  }
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder(policy));

  for (size_t index = 0; index < 6; ++index) {
    Arguments arguments(6, 0);
    arguments[index] = 7;
    EXPECT_THAT(container.Ask(SystemCall(kSubject, arguments)),
                FailsWithErrno(10 + static_cast<int>(index)));
  }
  EXPECT_THAT(container.Ask(SystemCall(kSubject, {1, 2, 3, 4, 5, 6})), SucceedsWith("0"));
}

TEST_F(SeccompAllowDenySyntaxRulesTest, AllComparisonsOfALineMustHold) {
  COVERS(spec::seccomp_allow_deny_syntax::kAllComparisons);
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartComparing("[0,5,SCMP_CMP_EQ][1,6,SCMP_CMP_GE] [5,0x10,SCMP_CMP_MASKED_EQ,0xf0]"));

  EXPECT_THAT(Holds(container, {5, 6, 0, 0, 0, 0x11}), SucceedsWith(true));
  EXPECT_THAT(Holds(container, {5, 7, 9, 9, 9, 0x1f}), SucceedsWith(true));
  EXPECT_THAT(Holds(container, {4, 6, 0, 0, 0, 0x11}), SucceedsWith(false));
  EXPECT_THAT(Holds(container, {5, 5, 0, 0, 0, 0x11}), SucceedsWith(false));
  EXPECT_THAT(Holds(container, {5, 6, 0, 0, 0, 0x21}), SucceedsWith(false));
}

TEST_F(SeccompAllowDenySyntaxRulesTest, EachOfSeveralLinesHolds) {
  COVERS(spec::seccomp_allow_deny_syntax::kAnyLine);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\n"
                                                  "getppid errno 11 [0,3,SCMP_CMP_LE]\n"
                                                  "getppid errno 12 [0,8,SCMP_CMP_EQ]\n"
                                                  "getpgrp errno 13\n"
                                                  "getppid errno 14 [0,9,SCMP_CMP_GT]\n"));

  EXPECT_THAT(container.Ask(SystemCall(kSubject, {3})), FailsWithErrno(11));
  EXPECT_THAT(container.Ask(SystemCall(kSubject, {8})), FailsWithErrno(12));
  EXPECT_THAT(container.Ask(SystemCall(kSubject, {10})), FailsWithErrno(14));
  EXPECT_THAT(container.Ask(SystemCall(kSubject, {4})), SucceedsWith("0"));
  EXPECT_THAT(container.Ask(SystemCall(kSubject, {9})), SucceedsWith("0"));
}

TEST_F(SeccompAllowDenySyntaxRulesTest, LinesTakeNothingFromEachOther) {
  COVERS(spec::seccomp_allow_deny_syntax::kAllComparisons);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartUnder("2\ndenylist\n"
                                  "getppid errno 33 [0,4,SCMP_CMP_EQ] [1,4,SCMP_CMP_LE]\n"
                                  "getppid errno 33 [0,7,SCMP_CMP_NE] [1,4,SCMP_CMP_EQ]\n"));

  EXPECT_THAT(Holds(container, {4, 3}), SucceedsWith(true));
  EXPECT_THAT(Holds(container, {5, 4}), SucceedsWith(true));
  EXPECT_THAT(Holds(container, {5, 3}), SucceedsWith(false));
}

TEST_F(SeccompAllowDenySyntaxRulesTest, LinesGiveNothingToEachOther) {
  COVERS(spec::seccomp_allow_deny_syntax::kAllComparisons);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartUnder("2\ndenylist\n"
                                  "getppid errno 33 [0,4,SCMP_CMP_GE] [1,7,SCMP_CMP_GE]\n"
                                  "getppid errno 33 [0,5,SCMP_CMP_GE] [1,6,SCMP_CMP_GE]\n"));

  EXPECT_THAT(Holds(container, {4, 6}), SucceedsWith(false));
  EXPECT_THAT(Holds(container, {4, 7}), SucceedsWith(true));
  EXPECT_THAT(Holds(container, {5, 6}), SucceedsWith(true));
}

struct Conflict {
  std::string name;
  std::string rules;
};

class SeccompAllowDenySyntaxConflictTest : public SeccompAllowDenySyntaxRulesTest,
                                           public ::testing::WithParamInterface<Conflict> {};

TEST_P(SeccompAllowDenySyntaxConflictTest, OneOfTheRulesHoldsOrNothingStarts) {
  COVERS(spec::seccomp_allow_deny_syntax::kOneOfSeveral);
  auto container = StartUnder("2\ndenylist\n" + GetParam().rules);

  if (!container) return;  // it may be refused
  EXPECT_THAT(container->Ask(SystemCall(kSubject, {5, 6})),
              AnyOf(FailsWithErrno(EDOM), FailsWithErrno(ERANGE)));
}

INSTANTIATE_TEST_SUITE_P(
    All, SeccompAllowDenySyntaxConflictTest,
    ::testing::Values(
        Conflict{"Same", "getppid errno 33\ngetppid errno 34\n"},
        Conflict{"MoreSpecificFirst", "getppid errno 33 [0,5,SCMP_CMP_EQ]\ngetppid errno 34\n"},
        Conflict{"MoreSpecificLast", "getppid errno 33\ngetppid errno 34 [0,5,SCMP_CMP_EQ]\n"},
        Conflict{"SameComparison",
                 "getppid errno 33 [0,5,SCMP_CMP_EQ]\n"
                 "getppid errno 34 [0,5,SCMP_CMP_EQ]\n"},
        Conflict{"Overlap",
                 "getppid errno 33 [0,5,SCMP_CMP_LE]\n"
                 "getppid errno 34 [0,5,SCMP_CMP_GE]\n"},
        Conflict{"OtherArguments",
                 "getppid errno 33 [0,5,SCMP_CMP_EQ]\n"
                 "getppid errno 34 [1,6,SCMP_CMP_EQ]\n"}),
    [](const auto& each) { return each.param.name; });

enum class Outcome { kKilled, kFails };

struct Exception {
  std::string name;
  std::string rules;
  Outcome outcome;
};

// In policies that name every call but kSubject, which the rules are about. The first argument
// is 5.
class SeccompAllowDenySyntaxStrictestTest : public SeccompAllowDenySyntaxRulesTest,
                                            public ::testing::WithParamInterface<Exception> {
 protected:
  void ExpectStrictest(const std::string& policy) {
    auto container = StartUnder(policy + GetParam().rules);

    if (!container) return;  // it may be refused
    const auto answer = container->Ask(InChild(SystemCall(kSubject, {5})));
    if (GetParam().outcome == Outcome::kKilled) {
      EXPECT_THAT(answer, SucceedsWith(kKilledBySigsys));
    } else {
      EXPECT_THAT(answer, FailsWithErrno(EDOM));
    }
  }
};

TEST_P(SeccompAllowDenySyntaxStrictestTest, StricterRuleOfAnAllowlistHolds) {
  COVERS(spec::seccomp_allow_deny_syntax::kStrictestOfSeveral);

  ExpectStrictest("2\nallowlist errno 34\n" + AllNamesBut({"getppid"}));
}

TEST_P(SeccompAllowDenySyntaxStrictestTest, StricterRuleOfADenylistHolds) {
  COVERS(spec::seccomp_allow_deny_syntax::kStrictestOfSeveral);

  ExpectStrictest("2\ndenylist\n");
}

INSTANTIATE_TEST_SUITE_P(
    All, SeccompAllowDenySyntaxStrictestTest,
    ::testing::Values(
        Exception{"ErrnoFromAllow", "getppid allow\ngetppid errno 33 [0,5,SCMP_CMP_EQ]\n",
                  Outcome::kFails},
        Exception{"ErrnoFromAllowFirst", "getppid errno 33 [0,5,SCMP_CMP_EQ]\ngetppid allow\n",
                  Outcome::kFails},
        Exception{"KillFromErrno", "getppid errno 33\ngetppid kill [0,5,SCMP_CMP_EQ]\n",
                  Outcome::kKilled},
        Exception{"TrapFromErrno", "getppid errno 33\ngetppid trap [0,5,SCMP_CMP_EQ]\n",
                  Outcome::kKilled},
        Exception{"ErrnoFromNotify", "getppid notify\ngetppid errno 33 [0,5,SCMP_CMP_EQ]\n",
                  Outcome::kFails},
        Exception{"AllowFromErrno", "getppid errno 33\ngetppid allow [0,5,SCMP_CMP_EQ]\n",
                  Outcome::kFails},
        Exception{"AllowOverlapsErrno",
                  "getppid errno 33 [0,5,SCMP_CMP_GE]\ngetppid allow [0,5,SCMP_CMP_LE]\n",
                  Outcome::kFails}),
    [](const auto& each) { return each.param.name; });

TEST_F(SeccompAllowDenySyntaxRulesTest, ForcedUnmountIsRejected) {
  COVERS(spec::seccomp_allow_deny_syntax::kForceUmount);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\nreject_force_umount\n"));
  ASSERT_OK(container.Ask({"poke", "/nonexistent"}));
  const auto umount = [&](int flags) {
    return container.Ask({"syscall", std::to_string(SYS_umount2), "@," + std::to_string(flags)});
  };

  EXPECT_THAT(umount(MNT_FORCE), FailsWithErrno(EACCES));
  EXPECT_THAT(umount(MNT_FORCE | UMOUNT_NOFOLLOW), FailsWithErrno(EACCES));
  EXPECT_THAT(umount(0), FailsWithErrno(ENOENT));
  EXPECT_THAT(umount(MNT_DETACH | UMOUNT_NOFOLLOW), FailsWithErrno(ENOENT));
}

}  // namespace
}  // namespace lxcspec
