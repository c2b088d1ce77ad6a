// SPDX-License-Identifier: Apache-2.0
//
// Policies that are none: the container does not start, and its log says where the mistake is.

#include <filesystem>
#include <string>

#include "conformance/harness/seccomp_test.h"

namespace lxcspec {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

struct Bad {
  std::string name;
  std::string policy;
};

std::string NameOf(const ::testing::TestParamInfo<Bad>& each) { return each.param.name; }

// A rule behind a good head.
std::string Rule(const std::string& rule) {
  return "2\ndenylist\ngetpgrp errno 33\n" + rule + "\n";
}

class SeccompAllowDenySyntaxRefusalsTest : public SeccompTest,
                                           public ::testing::WithParamInterface<Bad> {
 protected:
  void ExpectNoStart(const ConfigItems& config) {
    ASSERT_OK_AND_ASSIGN(auto configured, Configure({"pause"}, config));
    const RunningContainer container(std::move(configured));

    EXPECT_THAT(container->Start({}), Fails());

    EXPECT_EQ(container->State(), "STOPPED");
  }
};

TEST_F(SeccompAllowDenySyntaxRefusalsTest, MissingFileKeepsTheContainerFromStarting) {
  COVERS(spec::seccomp_allow_deny_syntax::kMissingFile);

  ExpectNoStart({{"lxc.seccomp.profile", scratch() / "nothing"}});
}

TEST_F(SeccompAllowDenySyntaxRefusalsTest, FolderKeepsTheContainerFromStarting) {
  COVERS(spec::seccomp_allow_deny_syntax::kMissingFile);
  std::filesystem::create_directory(scratch() / "folder");

  ExpectNoStart({{"lxc.seccomp.profile", scratch() / "folder"}});
}

using SeccompAllowDenySyntaxInitRefusedTest = SeccompAllowDenySyntaxRefusalsTest;

TEST_P(SeccompAllowDenySyntaxInitRefusedTest, StartFails) {
  COVERS(spec::seccomp_allow_deny_syntax::kInitRefused);

  ExpectNoStart(Policy(GetParam().policy));
}

INSTANTIATE_TEST_SUITE_P(
    All, SeccompAllowDenySyntaxInitRefusedTest,
    ::testing::Values(Bad{"Killed", Rule("execve kill")}, Bad{"Trapped", Rule("execve trap")},
                      Bad{"Failed", Rule("execve errno 1")},
                      Bad{"NotListed", "2\nallowlist\n" + AllNamesBut({"execve", "execveat"})},
                      Bad{"NotListedByNumber",
                          "1\nallowlist\n" + AllNumbersBut({SYS_execve, SYS_execveat})}),
    NameOf);

using SeccompAllowDenySyntaxBadHeadTest = SeccompAllowDenySyntaxRefusalsTest;

TEST_P(SeccompAllowDenySyntaxBadHeadTest, KeepsTheContainerFromStarting) {
  COVERS(spec::seccomp_allow_deny_syntax::kBadHead);

  ExpectNoStart(Policy(GetParam().policy));
}

INSTANTIATE_TEST_SUITE_P(
    All, SeccompAllowDenySyntaxBadHeadTest,
    ::testing::Values(Bad{"Empty", ""}, Bad{"NoVersion", "denylist\ngetppid errno 33\n"},
                      Bad{"VersionInWords", "two\ndenylist\n"}, Bad{"VersionZero", "0\ndenylist\n"},
                      Bad{"VersionThree", "3\ndenylist\n"},
                      Bad{"NegativeVersion", "-2\ndenylist\n"}, Bad{"NoKind", "2\n"},
                      Bad{"RuleForKind", "2\ngetppid errno 33\n"},
                      Bad{"UnknownKind", "2\ngraylist\n"},
                      Bad{"UnknownAction", "2\ndenylist log2\n"},
                      Bad{"ErrnoWithoutNumber", "2\nallowlist errno\n"},
                      Bad{"DenylistOfVersion1", "1\ndenylist\n110\n"},
                      Bad{"UnknownKindOfVersion1", "1\ngraylist\n110\n"}),
    NameOf);

using SeccompAllowDenySyntaxBadActionTest = SeccompAllowDenySyntaxRefusalsTest;

TEST_P(SeccompAllowDenySyntaxBadActionTest, KeepsTheContainerFromStarting) {
  COVERS(spec::seccomp_allow_deny_syntax::kBadAction);

  ExpectNoStart(Policy(GetParam().policy));
}

INSTANTIATE_TEST_SUITE_P(All, SeccompAllowDenySyntaxBadActionTest,
                         ::testing::Values(Bad{"Unknown", Rule("getppid frobnicate")},
                                           Bad{"ErrnoWithoutNumber", Rule("getppid errno")},
                                           Bad{"ErrnoInWords", Rule("getppid errno EPERM")},
                                           Bad{"UnknownBeforeComparison",
                                               Rule("getppid refuse [0,5,SCMP_CMP_EQ]")}),
                         NameOf);

using SeccompAllowDenySyntaxBadComparisonTest = SeccompAllowDenySyntaxRefusalsTest;

TEST_P(SeccompAllowDenySyntaxBadComparisonTest, KeepsTheContainerFromStarting) {
  COVERS(spec::seccomp_allow_deny_syntax::kBadComparison);

  ExpectNoStart(Policy(Rule("getppid errno 33 " + GetParam().policy)));
}

INSTANTIATE_TEST_SUITE_P(
    All, SeccompAllowDenySyntaxBadComparisonTest,
    ::testing::Values(
        Bad{"IndexTooLarge", "[6,5,SCMP_CMP_EQ]"}, Bad{"IndexNegative", "[-1,5,SCMP_CMP_EQ]"},
        Bad{"IndexMissing", "[5,SCMP_CMP_EQ]"}, Bad{"ValueInWords", "[0,many,SCMP_CMP_EQ]"},
        Bad{"ValueTooLarge", "[0,0x10000000000000000,SCMP_CMP_EQ]"},
        Bad{"UnknownOperator", "[0,5,SCMP_CMP_LIKE]"}, Bad{"NoOperator", "[0,5]"},
        Bad{"Nothing", "[]"}, Bad{"OnlyBracket", "["}, Bad{"SecondOfTwo", "[0,5,SCMP_CMP_EQ][1,6]"},
        Bad{"MaskMissing", "[0,5,SCMP_CMP_MASKED_EQ]"}),
    NameOf);

TEST_F(SeccompAllowDenySyntaxRefusalsTest, SectionOfNoArchitectureKeepsTheContainerFromStarting) {
  COVERS(spec::seccomp_allow_deny_syntax::kBadSection);

  ExpectNoStart(Policy(Rule("[pdp11]\ngetppid errno 33")));
}

using SeccompAllowDenySyntaxBadNumberTest = SeccompAllowDenySyntaxRefusalsTest;

TEST_P(SeccompAllowDenySyntaxBadNumberTest, KeepsTheContainerFromStarting) {
  COVERS(spec::seccomp_allow_deny_syntax::kBadNumber);

  ExpectNoStart(Policy("1\nallowlist\n" + AllNumbersBut({kSubject}) + GetParam().policy + "\n"));
}

INSTANTIATE_TEST_SUITE_P(All, SeccompAllowDenySyntaxBadNumberTest,
                         ::testing::Values(Bad{"Name", "getppid"}, Bad{"Section", "[x86_64]"}),
                         NameOf);

using SeccompAllowDenySyntaxTextBehindTest = SeccompAllowDenySyntaxRefusalsTest;

TEST_P(SeccompAllowDenySyntaxTextBehindTest, KeepsTheContainerFromStarting) {
  COVERS(spec::seccomp_allow_deny_syntax::kTextBehindRule);

  ExpectNoStart(Policy(Rule("getppid errno 33 " + GetParam().policy)));
}

INSTANTIATE_TEST_SUITE_P(All, SeccompAllowDenySyntaxTextBehindTest,
                         ::testing::Values(Bad{"LostBrackets", "0,5,SCMP_CMP_EQ"},
                                           Bad{"Word", "sometimes"},
                                           Bad{"WordBehindComparison", "[0,5,SCMP_CMP_EQ] or"}),
                         NameOf);

using SeccompAllowDenySyntaxBadLineTest = SeccompAllowDenySyntaxRefusalsTest;

TEST_P(SeccompAllowDenySyntaxBadLineTest, NumberIsInTheLog) {
  COVERS(spec::seccomp_allow_deny_syntax::kBadLineTold);
  ASSERT_OK(OpenLog());
  const std::string good(4710, '\n');
  ASSERT_NO_FATAL_FAILURE(ExpectNoStart(Policy("2\ndenylist\n" + good + GetParam().policy)));

  EXPECT_THAT(LogLinesWith("4713"), Not(IsEmpty()));
}

INSTANTIATE_TEST_SUITE_P(All, SeccompAllowDenySyntaxBadLineTest,
                         ::testing::Values(Bad{"Action", "getppid frobnicate\n"},
                                           Bad{"Comparison", "getppid errno 33 [0,5]\n"},
                                           Bad{"Section", "[pdp11]\n"}),
                         NameOf);

}  // namespace
}  // namespace lxcspec
