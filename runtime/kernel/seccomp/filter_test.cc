// SPDX-License-Identifier: Apache-2.0
//
// Compiled filters against what their policies mean, by interpretation: for random policies of
// every rule shape, and for some of known meaning.

#include "runtime/kernel/seccomp/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <array>
#include <cerrno>
#include <random>
#include <set>
#include <string>

#include "runtime/kernel/seccomp/bpf_interpreter.h"

namespace lxcspec::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Machine {
  const char* name;
  uint32_t token;
  bool has_32_bits;
};

constexpr std::array<Machine, 3> kMachines = {{{"x86_64", SCMP_ARCH_X86_64, false},
                                               {"x86", SCMP_ARCH_X86, true},
                                               {"x32", SCMP_ARCH_X32, false}}};

std::optional<ListKind> ListWord(std::string_view word) {
  if (word == "allowlist") return ListKind::kAllow;
  if (word == "denylist") return ListKind::kDeny;
  return std::nullopt;
}

Result<SeccompFilter> Compiled(std::string_view text) {
  const auto policy = ParseSeccompPolicy(text, ListWord);
  if (!policy) return Forward(policy.error());
  return CompileSeccompPolicy(*policy);
}

seccomp_data CallOn(const Machine& machine, const std::string& name,
                    const std::array<uint64_t, 6>& arguments = {}) {
  seccomp_data call{};
  call.nr = seccomp_syscall_resolve_name_arch(machine.token, name.c_str());
  // x32 is x86_64 with a bit of its own in the number.
  call.arch = machine.token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : machine.token;
  for (size_t i = 0; i < arguments.size(); ++i) {
    call.args[i] = machine.has_32_bits ? static_cast<uint32_t>(arguments.at(i)) : arguments.at(i);
  }
  return call;
}

uint32_t ReturnOf(const SeccompVerdict& verdict) {
  switch (verdict.action) {
    case SeccompAction::kAllow:
      return SECCOMP_RET_ALLOW;
    case SeccompAction::kTrap:
      return SECCOMP_RET_TRAP;
    case SeccompAction::kErrno:
      return SECCOMP_RET_ERRNO | verdict.number;
    case SeccompAction::kNotify:
      return SECCOMP_RET_USER_NOTIF;
    case SeccompAction::kKill:
      break;
  }
  return SECCOMP_RET_KILL_THREAD;
}

// What a rule says, in plain words: numbers are compared as numbers, and one that was written as
// negative is that number in as many bits as the argument has.
bool Holds(const ArgumentTest& test, uint64_t argument, bool has_32_bits) {
  uint64_t value =
      test.comparison == Comparison::kMaskedEqual ? test.value & test.mask : test.value;
  const auto is_signed = static_cast<int64_t>(value);
  if (has_32_bits && is_signed < 0 && is_signed >= INT32_MIN) value = static_cast<uint32_t>(value);
  switch (test.comparison) {
    case Comparison::kNotEqual:
      return argument != value;
    case Comparison::kLess:
      return argument < value;
    case Comparison::kLessOrEqual:
      return argument <= value;
    case Comparison::kEqual:
      return argument == value;
    case Comparison::kGreaterOrEqual:
      return argument >= value;
    case Comparison::kGreater:
      return argument > value;
    case Comparison::kMaskedEqual:
      return (argument & test.mask) == value;
  }
  return false;
}

bool Applies(const PolicyRule& rule, const Machine& machine, const seccomp_data& call) {
  if (!rule.architecture.empty() && rule.architecture != machine.name) return false;
  if (seccomp_syscall_resolve_name_arch(machine.token, rule.name.c_str()) != call.nr) return false;
  for (const ArgumentTest& test : rule.tests) {
    if (!Holds(test, call.args[test.index], machine.has_32_bits)) return false;
  }
  return true;
}

// All verdicts that rules give a call; the policy's own without any.
std::set<uint32_t> Meant(const SeccompPolicy& policy, const Machine& machine,
                         const seccomp_data& call) {
  std::set<uint32_t> verdicts;
  for (const PolicyRule& rule : policy.rules) {
    if (Applies(rule, machine, call)) verdicts.insert(ReturnOf(rule.verdict));
  }
  if (verdicts.empty()) verdicts.insert(ReturnOf(policy.otherwise));
  return verdicts;
}

class RandomPolicies {
 public:
  explicit RandomPolicies(uint64_t seed) : random_(seed) {}

  SeccompPolicy Policy() {
    SeccompPolicy policy{.otherwise = Verdict()};
    const uint64_t rules = Below(9);
    for (uint64_t i = 0; i < rules; ++i) {
      PolicyRule rule{.line = i + 3, .name = Name(), .verdict = Verdict()};
      if (Below(3) == 0) rule.architecture = kMachines.at(Below(kMachines.size())).name;
      const uint64_t tests = Below(4);
      for (uint32_t argument = 0; argument < tests; ++argument) {
        rule.tests.push_back({.index = argument + static_cast<uint32_t>(Below(3)),
                              .comparison = static_cast<Comparison>(Below(7)),
                              .value = Value(),
                              .mask = Below(2) == 0 ? Value() : ~uint64_t{0}});
        // One test an argument.
        for (size_t j = 0; j + 1 < rule.tests.size(); ++j) {
          if (rule.tests[j].index == rule.tests.back().index) {
            rule.tests.pop_back();
            break;
          }
        }
      }
      policy.rules.push_back(std::move(rule));
    }
    return policy;
  }

  std::string Name() {
    constexpr std::array kNames = {"mkdir", "getppid", "umount2", "ioctl", "mknod", "openat"};
    return kNames.at(Below(kNames.size()));
  }

  // Arguments close to what the policy compares with.
  std::array<uint64_t, 6> Arguments(const SeccompPolicy& policy) {
    std::array<uint64_t, 6> arguments{};
    for (uint64_t& one : arguments) one = Value();
    for (const PolicyRule& rule : policy.rules) {
      for (const ArgumentTest& test : rule.tests) {
        if (Below(2) == 0) arguments.at(test.index) = test.value + Below(3) - 1;
      }
    }
    return arguments;
  }

 private:
  uint64_t Below(uint64_t limit) { return random_() % limit; }

  SeccompVerdict Verdict() {
    // One that is allowed three times out of eight: most rules should be able to stand together.
    constexpr std::array<SeccompVerdict, 8> kVerdicts = {{{SeccompAction::kAllow},
                                                          {SeccompAction::kAllow},
                                                          {SeccompAction::kAllow},
                                                          {SeccompAction::kKill},
                                                          {SeccompAction::kTrap},
                                                          {SeccompAction::kNotify},
                                                          {SeccompAction::kErrno, 0},
                                                          {SeccompAction::kErrno, 4094}}};
    return kVerdicts.at(Below(kVerdicts.size()));
  }

  uint64_t Value() {
    switch (Below(8)) {
      case 0:
        return 0;
      case 1:
        return Below(4);
      case 2:
        return 0xffffffff + Below(3) - 1;
      case 3:
        return -Below(3);
      case 4:
        return uint64_t{1} << Below(64);
      case 5:
        return Below(4) << 32 | Below(4);
      case 6:
        return uint64_t{INT32_MAX} + Below(3) - 1;
      default:
        return random_();
    }
  }

  std::mt19937_64 random_;
};

class SeccompFilterTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(seccomp_arch_native(), SCMP_ARCH_X86_64); }
};

TEST_F(SeccompFilterTest, RandomPoliciesDecideWhatTheyMean) {
  const char* const wanted = getenv("LXCSPEC_POLICIES");
  const int policies = wanted != nullptr ? atoi(wanted) : 3000;
  RandomPolicies random(20261125);
  int compiled = 0;
  int conflicts = 0;
  for (int i = 0; i < policies; ++i) {
    const SeccompPolicy policy = random.Policy();
    const auto filter = CompileSeccompPolicy(policy);
    if (!filter) {
      ASSERT_EQ(filter.error().code, EINVAL) << filter.error().ToString();
      ASSERT_THAT(filter.error().attempted, HasSubstr("says otherwise")) << i;
      ++conflicts;
      continue;
    }
    ++compiled;
    for (int j = 0; j < 200; ++j) {
      const Machine& machine = kMachines.at(static_cast<size_t>(j) % kMachines.size());
      const seccomp_data call = CallOn(machine, random.Name(), random.Arguments(policy));
      const auto meant = Meant(policy, machine, call);
      // What is not refused is not ambiguous.
      ASSERT_EQ(meant.size(), 1U) << "policy " << i;
      const auto got = RunFilter(filter->program, call);
      ASSERT_TRUE(got) << "policy " << i;
      ASSERT_EQ(*got, *meant.begin())
          << "policy " << i << ", " << machine.name << " call " << call.nr << '(' << std::hex
          << call.args[0] << ", " << call.args[1] << ", " << call.args[2] << ", " << call.args[3]
          << ')';
    }
  }
  // Both kinds came up.
  EXPECT_GT(compiled, policies / 4);
  EXPECT_GT(conflicts, policies / 20);
}

uint32_t Decided(const SeccompFilter& filter, const seccomp_data& call) {
  return RunFilter(filter.program, call).value_or(UINT32_MAX);
}

TEST_F(SeccompFilterTest, RulesOfASectionHoldForThatArchitectureAlone) {
  const SeccompFilter filter = Compiled("2\ndenylist\n[x86]\nmkdir errno 5\n").value();
  EXPECT_EQ(Decided(filter, CallOn(kMachines[0], "mkdir")), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Decided(filter, CallOn(kMachines[1], "mkdir")), SECCOMP_RET_ERRNO | 5);
  EXPECT_EQ(Decided(filter, CallOn(kMachines[2], "mkdir")), SECCOMP_RET_ALLOW);
}

TEST_F(SeccompFilterTest, OtherMachinesRulesSayNothingHere) {
  const SeccompFilter filter = Compiled("2\ndenylist\n[arm64]\nmkdir errno 5\n").value();
  EXPECT_EQ(Decided(filter, CallOn(kMachines[0], "mkdir")), SECCOMP_RET_ALLOW);
  EXPECT_THAT(filter.warnings, IsEmpty());
}

TEST_F(SeccompFilterTest, ACallOfAnUnknownArchitectureKills) {
  const SeccompFilter filter = Compiled("2\ndenylist\nmkdir errno 5\n").value();
  seccomp_data call = CallOn(kMachines[0], "getppid");
  call.arch = SCMP_ARCH_AARCH64;
  EXPECT_EQ(Decided(filter, call), SECCOMP_RET_KILL_THREAD);
}

TEST_F(SeccompFilterTest, OlderCallsOfOtherArchitecturesAreFound) {
  // On x86 umount(2) is a call of its own, and socket(2) also one of socketcall(2)'s.
  const SeccompFilter filter = Compiled("2\ndenylist\numount errno 5\nsocket errno 6\n").value();
  EXPECT_THAT(filter.warnings, IsEmpty());
  EXPECT_EQ(Decided(filter, CallOn(kMachines[1], "umount")), SECCOMP_RET_ERRNO | 5);
  EXPECT_EQ(Decided(filter, CallOn(kMachines[0], "socket")), SECCOMP_RET_ERRNO | 6);
  EXPECT_EQ(Decided(filter, CallOn(kMachines[1], "socketcall", {1})), SECCOMP_RET_ERRNO | 6);
  EXPECT_EQ(Decided(filter, CallOn(kMachines[1], "socketcall", {2})), SECCOMP_RET_ALLOW);
}

TEST_F(SeccompFilterTest, UnknownCallsAreLeftOutWithAWarning) {
  const SeccompFilter filter =
      Compiled("2\ndenylist\nno_such_call errno 5\nmkdir errno 5\n").value();
  EXPECT_THAT(filter.warnings, ElementsAre(HasSubstr("line 3: there is no system call no_such")));
  EXPECT_EQ(Decided(filter, CallOn(kMachines[0], "mkdir")), SECCOMP_RET_ERRNO | 5);
}

TEST_F(SeccompFilterTest, RulesThatContradictEachOtherAreRefusedWithBothLines) {
  const auto refused = Compiled("2\ndenylist\nmkdir errno 1\n\nmkdir errno 2\n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EINVAL);
  EXPECT_THAT(refused.error().attempted, HasSubstr("line 5: mkdir: line 3"));
  // The one is part of the other.
  EXPECT_FALSE(Compiled("2\ndenylist\nmkdir errno 1 [1,5,SCMP_CMP_GT]\nmkdir errno 2\n"));
  EXPECT_FALSE(Compiled("2\nallowlist\nmkdir allow\nmkdir errno 1 [1,5,SCMP_CMP_GT]\n"));
  // They meet at one architecture.
  EXPECT_FALSE(Compiled("2\ndenylist\nmkdir errno 1\n[x86]\nmkdir errno 2\n"));
  // -1 is 0xffffffff where arguments have 32 bits.
  EXPECT_FALSE(
      Compiled("2\ndenylist\nmkdir errno 1 [1,-1,SCMP_CMP_EQ]\n"
               "mkdir errno 2 [1,0xffffffff,SCMP_CMP_EQ]\n"));
}

TEST_F(SeccompFilterTest, RulesThatAreOfOneMindOrNeverMeetAreTaken) {
  EXPECT_TRUE(Compiled("2\ndenylist\nmkdir errno 1\nmkdir errno 1\n"));
  EXPECT_TRUE(Compiled("2\ndenylist\nmkdir errno 1\nmkdir errno 1 [1,5,SCMP_CMP_GT]\n"));
  EXPECT_TRUE(Compiled("2\ndenylist\n[x86]\nmkdir errno 1\n[x86_64]\nmkdir errno 2\n"));
  const auto filter = Compiled(
      "2\ndenylist\n"
      "mknod errno 1 [1,8192,SCMP_CMP_MASKED_EQ,61440]\n"
      "mknod errno 2 [1,24576,SCMP_CMP_MASKED_EQ,61440]\n");
  ASSERT_TRUE(filter) << filter.error().ToString();
  EXPECT_EQ(Decided(*filter, CallOn(kMachines[0], "mknod", {0, 8192 + 0644})),
            SECCOMP_RET_ERRNO | 1);
  EXPECT_EQ(Decided(*filter, CallOn(kMachines[0], "mknod", {0, 24576 + 0644})),
            SECCOMP_RET_ERRNO | 2);
  EXPECT_EQ(Decided(*filter, CallOn(kMachines[0], "mknod", {0, 4096})), SECCOMP_RET_ALLOW);
}

TEST_F(SeccompFilterTest, Version1HoldsForTheMachinesOwnArchitecture) {
  const SeccompFilter filter = Compiled("1\nallowlist\n110\n500\n").value();
  EXPECT_EQ(Decided(filter, CallOn(kMachines[0], "getppid")), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Decided(filter, CallOn(kMachines[0], "mkdir")), SECCOMP_RET_KILL_THREAD);
  EXPECT_EQ(Decided(filter, CallOn(kMachines[1], "getppid")), SECCOMP_RET_KILL_THREAD);
  seccomp_data call = CallOn(kMachines[0], "getppid");
  call.nr = 500;
  EXPECT_EQ(Decided(filter, call), SECCOMP_RET_ALLOW);
}

TEST_F(SeccompFilterTest, OnlyPoliciesThatAskNeedAListener) {
  EXPECT_FALSE(Compiled("2\ndenylist\nmkdir errno 5\n")->notifies);
  EXPECT_TRUE(Compiled("2\ndenylist\nmkdir notify\n")->notifies);
  EXPECT_TRUE(Compiled("2\nallowlist notify\nmkdir\n")->notifies);
  EXPECT_FALSE(Compiled("2\ndenylist\n[arm64]\nmkdir notify\n")->notifies);
}

TEST_F(SeccompFilterTest, AProgramThatTheKernelCannotTakeIsRefused) {
  std::string text = "2\ndenylist\n";
  for (int i = 0; i < 2000; ++i) {
    text += "ioctl errno 1 [1," + std::to_string(i) + ",SCMP_CMP_EQ] [2,1,SCMP_CMP_GT]\n";
  }
  const auto filter = Compiled(text);
  ASSERT_FALSE(filter);
  EXPECT_EQ(filter.error().code, E2BIG);
}

}  // namespace
}  // namespace lxcspec::runtime
