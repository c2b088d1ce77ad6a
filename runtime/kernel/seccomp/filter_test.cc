// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/seccomp/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include <array>
#include <cerrno>
#include <string>

#include "runtime/kernel/seccomp/classic_bpf.h"
#include "runtime/kernel/seccomp/policy.h"

namespace lxcspec::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Arguments = std::array<uint64_t, 6>;

constexpr int kGetppid = 110;
// Of 32-bit programs.
constexpr int kCompatGetppid = 64;
constexpr int kCompatSocket = 359;
constexpr int kSocketcall = 102;
constexpr int kIpc = 117;

std::optional<ListKind> Words(std::string_view word) {
  return word == "allowlist" ? ListKind::kAllow : ListKind::kDeny;
}

SeccompFilter FilterOf(std::string_view text) {
  const auto policy = ParseSeccompPolicy(text, Words);
  EXPECT_TRUE(policy) << policy.error().ToString();
  return CompileSeccompPolicy(policy.value()).value();
}

uint32_t Verdict(const SeccompFilter& filter, uint32_t architecture, int number,
                 const Arguments& arguments = {}) {
  seccomp_data call{.nr = number, .arch = architecture, .instruction_pointer = 0, .args = {}};
  std::copy(arguments.begin(), arguments.end(), call.args);
  return RunClassicBpf(filter.program, call).value();
}

uint32_t Native(const SeccompFilter& filter, int number, const Arguments& arguments = {}) {
  return Verdict(filter, AUDIT_ARCH_X86_64, number, arguments);
}

uint32_t Compat(const SeccompFilter& filter, int number, const Arguments& arguments = {}) {
  return Verdict(filter, AUDIT_ARCH_I386, number, arguments);
}

uint32_t Errno(uint32_t number) { return SECCOMP_RET_ERRNO | number; }

TEST(SeccompFilterTest, AnEmptyListIsItsAction) {
  EXPECT_EQ(Native(FilterOf("2\ndenylist\n"), kGetppid), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Compat(FilterOf("2\nallowlist trap\n"), kGetppid), SECCOMP_RET_TRAP);
}

TEST(SeccompFilterTest, CallsOfOtherArchitecturesKill) {
  const SeccompFilter filter = FilterOf("2\ndenylist\n");
  EXPECT_EQ(Verdict(filter, AUDIT_ARCH_AARCH64, kGetppid), SECCOMP_RET_KILL_THREAD);
  EXPECT_EQ(Compat(FilterOf("1\nallowlist\n64\n110\n"), kCompatGetppid), SECCOMP_RET_KILL_THREAD);
}

TEST(SeccompFilterTest, ACallHasTheNumberOfItsArchitecture) {
  const SeccompFilter filter = FilterOf("2\ndenylist\ngetppid errno 1\n");
  EXPECT_EQ(Native(filter, kGetppid), Errno(1));
  EXPECT_EQ(Native(filter, kGetppid | 0x40000000), Errno(1));
  EXPECT_EQ(Compat(filter, kCompatGetppid), Errno(1));
  EXPECT_EQ(Native(filter, kCompatGetppid), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Compat(filter, kGetppid), SECCOMP_RET_ALLOW);
}

TEST(SeccompFilterTest, TheStrictestOfSeveralRulesHolds) {
  for (const char* const order : {"getppid errno 1 [0,5,SCMP_CMP_EQ]\ngetppid\n",
                                  "getppid\ngetppid errno 1 [0,5,SCMP_CMP_EQ]\n"}) {
    const SeccompFilter filter = FilterOf(std::string("2\nallowlist\n") + order);
    EXPECT_EQ(Native(filter, kGetppid, {5}), Errno(1));
    EXPECT_EQ(Native(filter, kGetppid, {6}), SECCOMP_RET_ALLOW);
  }
  EXPECT_EQ(Native(FilterOf("2\ndenylist\n"
                            "getppid allow\ngetppid notify\ngetppid errno 1\ngetppid trap\n"
                            "getppid kill\n"),
                   kGetppid),
            SECCOMP_RET_KILL_THREAD);
}

TEST(SeccompFilterTest, ARuleOfTheListsOwnActionHoldsAgainstALooserOne) {
  const SeccompFilter filter =
      FilterOf("2\nallowlist errno 2\ngetppid\ngetppid errno 2 [0,5,SCMP_CMP_EQ]\n");
  EXPECT_EQ(Native(filter, kGetppid, {5}), Errno(2));
  EXPECT_EQ(Native(filter, kGetppid, {6}), SECCOMP_RET_ALLOW);
}

TEST(SeccompFilterTest, OfDifferentErrnosTheFirstHolds) {
  EXPECT_EQ(Native(FilterOf("2\ndenylist\ngetppid errno 2\ngetppid errno 1\n"), kGetppid),
            Errno(2));
}

TEST(SeccompFilterTest, ComparisonsAreWithTheirOwnArguments) {
  const SeccompFilter filter = FilterOf(
      "2\nallowlist\n"
      "getppid [1,0x80000000,SCMP_CMP_LE] [3,6,SCMP_CMP_NE]\n"
      "getppid [3,0x80000000,SCMP_CMP_GT] [1,0x7fffffff,SCMP_CMP_NE]\n");
  for (const auto verdict : {Native, Compat}) {
    const int number = verdict == Native ? kGetppid : kCompatGetppid;
    EXPECT_EQ(verdict(filter, number, {0, 0xffffffff, 0, 0x7fffffff}), SECCOMP_RET_KILL_THREAD);
    EXPECT_EQ(verdict(filter, number, {0, 0xffffffff, 0, 0x80000001}), SECCOMP_RET_ALLOW);
    EXPECT_EQ(verdict(filter, number, {0, 0x80000000, 0, 7}), SECCOMP_RET_ALLOW);
  }
}

TEST(SeccompFilterTest, NegativeNumbersHold32BitArgumentsToo) {
  const SeccompFilter filter = FilterOf("2\ndenylist\ngetppid errno 1 [0,-1,SCMP_CMP_EQ]\n");
  EXPECT_EQ(Native(filter, kGetppid, {~0ULL}), Errno(1));
  EXPECT_EQ(Native(filter, kGetppid, {0xffffffff}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Compat(filter, kCompatGetppid, {0xffffffff}), Errno(1));
}

TEST(SeccompFilterTest, ACallHoldsByWayOfAnotherOneToo) {
  const SeccompFilter filter = FilterOf("2\ndenylist\nsocket errno 1\nsemget errno 2\n");
  EXPECT_EQ(Compat(filter, kCompatSocket), Errno(1));
  EXPECT_EQ(Compat(filter, kSocketcall, {1}), Errno(1));
  EXPECT_EQ(Compat(filter, kSocketcall, {2}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Compat(filter, kIpc, {2}), Errno(2));
  // The upper half is a version.
  EXPECT_EQ(Compat(filter, kIpc, {0x10002}), Errno(2));
  EXPECT_EQ(Compat(filter, kIpc, {3}), SECCOMP_RET_ALLOW);
}

TEST(SeccompFilterTest, ArgumentsThatNoFilterSeesLoosenNothing) {
  const SeccompFilter denylist = FilterOf("2\ndenylist\nsocket errno 1 [0,10,SCMP_CMP_EQ]\n");
  EXPECT_EQ(Compat(denylist, kCompatSocket, {10}), Errno(1));
  EXPECT_EQ(Compat(denylist, kCompatSocket, {2}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Compat(denylist, kSocketcall, {1}), Errno(1));
  const SeccompFilter allowlist = FilterOf("2\nallowlist\nsocket allow [0,10,SCMP_CMP_EQ]\n");
  EXPECT_EQ(Native(allowlist, 41, {10}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Compat(allowlist, kSocketcall, {1}), SECCOMP_RET_KILL_THREAD);
}

TEST(SeccompFilterTest, SaysWhetherItNotifies) {
  EXPECT_FALSE(FilterOf("2\ndenylist\ngetppid errno 1\n").notifies);
  EXPECT_TRUE(FilterOf("2\ndenylist\ngetppid notify\n").notifies);
  EXPECT_TRUE(FilterOf("2\nallowlist notify\n").notifies);
  EXPECT_FALSE(FilterOf("2\ndenylist\n[arm]\ngetppid notify\n").notifies);
}

TEST(SeccompFilterTest, WarnsOfCallsThatThereAreNot) {
  EXPECT_THAT(FilterOf("2\ndenylist\nno_such_call\ngetppid\n").warnings,
              ElementsAre(HasSubstr("line 3: there is no system call no_such_call")));
  EXPECT_THAT(FilterOf("2\ndenylist\n[x86]\nsocket\n_llseek\n").warnings, IsEmpty());
  // They may exist there.
  EXPECT_THAT(FilterOf("2\ndenylist\n[arm]\nno_such_call\n").warnings, IsEmpty());
}

TEST(SeccompFilterTest, MoreThanAKernelTakesIsRefused) {
  std::string text = "2\ndenylist\n";
  for (int i = 0; i < 600; ++i) {
    text += "getppid errno 1 [0," + std::to_string(i) + ",SCMP_CMP_EQ]\n";
  }
  const auto policy = ParseSeccompPolicy(text, Words);
  ASSERT_TRUE(policy);
  EXPECT_EQ(CompileSeccompPolicy(*policy).error().code, E2BIG);
}

TEST(SeccompFilterTest, ManyCallsAreFoundInFewSteps) {
  std::string text = "1\nallowlist\n";
  for (int i = 0; i < 400; ++i) text += std::to_string(i) + "\n";
  const SeccompFilter filter = FilterOf(text);
  EXPECT_THAT(filter.program, SizeIs(::testing::Le(600U)));
  for (int i = 0; i < 400; ++i) EXPECT_EQ(Native(filter, i), SECCOMP_RET_ALLOW);
  for (const int other : {-1, 400, 1000}) EXPECT_EQ(Native(filter, other), SECCOMP_RET_KILL_THREAD);
}

}  // namespace
}  // namespace lxcspec::runtime
