// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/seccomp/policy_model.h"

#include <fmt/format.h>
#include <linux/audit.h>
#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace lxcspec::runtime {
namespace {

constexpr int kNone = -1;
constexpr int kX32Bit = 0x40000000;
constexpr int kSocketcall = 102;
constexpr size_t kArguments = 6;

struct KnownCall {
  const char* name;
  // By convention, as the kernel's tables have them.
  std::array<int, kConventions> numbers;
  // Of socketcall(2), by which 32-bit programs can make it as well.
  uint64_t socketcall = 0;
};

constexpr KnownCall kCalls[] = {
    {"getppid", {110, 64, kX32Bit | 110}},
    {"getpgrp", {111, 65, kX32Bit | 111}},
    {"mkdir", {83, 39, kX32Bit | 83}},
    {"umount2", {166, 52, kX32Bit | 166}},
    {"mknod", {133, 14, kX32Bit | 133}},
    {"mount", {165, 21, kX32Bit | 165}},
    {"ioctl", {16, 54, kX32Bit | 514}},
    {"execve", {59, 11, kX32Bit | 520}},
    {"setxattr", {188, 226, kX32Bit | 188}},
    {"bpf", {321, 357, kX32Bit | 321}},
    {"read", {0, 3, kX32Bit | 0}},
    {"_llseek", {kNone, 140, kNone}},
    {"mmap2", {kNone, 192, kNone}},
    {"socket", {41, 359, kX32Bit | 41}, 1},
    {"accept4", {288, 364, kX32Bit | 288}, 18},
    {"no_such_call", {kNone, kNone, kNone}},
};
constexpr size_t kUmount2 = 3;

constexpr const char* kComparisons[] = {"NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"};

// Where comparisons go wrong, if anywhere: the ends of 64 bits, of 32, and of signed ones.
constexpr uint64_t kValues[] = {0,
                                1,
                                5,
                                6,
                                8192,
                                61440,
                                0x7fffffff,
                                0x80000000,
                                0xfffffffe,
                                0xffffffff,
                                0x100000000,
                                0x100000005,
                                ~0ULL - 1,
                                ~0ULL,
                                1ULL << 63U,
                                0xffffffff80000000,
                                0xffffffff7fffffff};

template <typename Range>
const auto& Pick(Random& random, const Range& range) {
  return range[random() % std::size(range)];
}

bool Chance(Random& random, unsigned one_in) { return random() % one_in == 0; }

uint64_t RandomValue(Random& random) {
  return Chance(random, 8) ? random() : Pick(random, kValues);
}

std::string Written(Random& random, uint64_t value) {
  if (static_cast<int64_t>(value) < 0 && Chance(random, 2)) {
    return std::to_string(static_cast<int64_t>(value));
  }
  return Chance(random, 2) ? fmt::format("{:#x}", value) : std::to_string(value);
}

struct Action {
  std::string words;
  uint32_t verdict;
};

Action RandomAction(Random& random) {
  switch (random() % 6) {
    case 0:
      return {"kill", SECCOMP_RET_KILL_THREAD};
    case 1:
      return {"trap", SECCOMP_RET_TRAP};
    case 2:
      return {"notify", SECCOMP_RET_USER_NOTIF};
    case 3:
      return {"allow", SECCOMP_RET_ALLOW};
    default:
      break;
  }
  constexpr uint32_t kErrnos[] = {0, 1, 38, 4094};
  const uint32_t number = Pick(random, kErrnos);
  return {fmt::format("errno {}", number), SECCOMP_RET_ERRNO | number};
}

std::vector<ModelTest> RandomTests(Random& random) {
  std::array<uint32_t, kArguments> indices = {0, 1, 2, 3, 4, 5};
  std::shuffle(indices.begin(), indices.end(), random);
  // Mostly few, and mostly of the first arguments, so that rules meet each other.
  size_t count = random() % 3;
  if (Chance(random, 16)) count = kArguments;
  std::vector<ModelTest> tests;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t index = count == 1 ? static_cast<uint32_t>(random() % 2) : indices[i];
    tests.push_back({.index = index,
                     .comparison = Pick(random, kComparisons),
                     .value = RandomValue(random),
                     .mask = RandomValue(random)});
  }
  return tests;
}

std::string Written(Random& random, const ModelTest& test) {
  const bool is_masked = test.comparison == "MASKED_EQ";
  return fmt::format("[{},{},SCMP_CMP_{}{}]", test.index, Written(random, test.value),
                     test.comparison, is_masked ? "," + Written(random, test.mask) : "");
}

void AddSection(Random& random, ModelPolicy& policy, std::optional<Convention>& section) {
  struct Section {
    const char* name;
    std::optional<Convention> convention;
  };
  static constexpr Section kSections[] = {{"[all]", std::nullopt},
                                          {"[x86_64]", Convention::k64Bit},
                                          {"[amd64]", Convention::k64Bit},
                                          {"[x86]", Convention::k32Bit},
                                          {"[x32]", Convention::kX32}};
  const Section& next = Pick(random, kSections);
  policy.text += fmt::format("{}\n", next.name);
  section = next.convention;
}

void AddRule(Random& random, ModelPolicy& policy, std::optional<Convention> section,
             uint32_t usual) {
  if (Chance(random, 16)) {
    policy.text += "reject_force_umount\n";
    policy.rules.push_back(
        {section, kUmount2, SECCOMP_RET_ERRNO | EACCES, {{1, "MASKED_EQ", MNT_FORCE, MNT_FORCE}}});
    return;
  }
  ModelRule rule{section, random() % std::size(kCalls), usual, {}};
  std::string line = kCalls[rule.call].name;
  if (!Chance(random, 4)) {
    const Action action = RandomAction(random);
    rule.verdict = action.verdict;
    line += " " + action.words;
  }
  rule.tests = RandomTests(random);
  for (const ModelTest& test : rule.tests) line += " " + Written(random, test);
  policy.text += line + "\n";
  policy.rules.push_back(std::move(rule));
}

ModelPolicy FirstVersion(Random& random, size_t most_rules) {
  ModelPolicy policy{"1\nallowlist\n", SECCOMP_RET_KILL_THREAD, true, {}};
  for (size_t count = random() % (most_rules + 1); count > 0; --count) {
    const size_t call = random() % std::size(kCalls);
    const int number = kCalls[call].numbers[0];
    if (number == kNone) continue;
    policy.text += std::to_string(number) + "\n";
    policy.rules.push_back({Convention::k64Bit, call, SECCOMP_RET_ALLOW, {}});
  }
  return policy;
}

std::optional<Convention> ConventionOf(const seccomp_data& call) {
  if (call.arch == AUDIT_ARCH_I386) return Convention::k32Bit;
  if (call.arch != AUDIT_ARCH_X86_64) return std::nullopt;
  return (call.nr & kX32Bit) != 0 ? Convention::kX32 : Convention::k64Bit;
}

bool Compares(const ModelTest& test, uint64_t argument, bool has_32_bits) {
  const bool is_masked = test.comparison == "MASKED_EQ";
  uint64_t value = is_masked ? test.value & test.mask : test.value;
  if (has_32_bits) {
    // What x32 programs leave in the registers' upper halves they do not mean.
    argument &= UINT32_MAX;
    // A negative number is that of 32 bits, too.
    if (static_cast<int64_t>(value) == static_cast<int32_t>(value)) value &= UINT32_MAX;
  }
  if (is_masked) return (argument & test.mask) == value;
  if (test.comparison == "NE") return argument != value;
  if (test.comparison == "LT") return argument < value;
  if (test.comparison == "LE") return argument <= value;
  if (test.comparison == "EQ") return argument == value;
  if (test.comparison == "GE") return argument >= value;
  return argument > value;
}

// Whether only numbers of more than 32 bits pass.
bool WantsMoreThan32Bits(const ModelTest& test) {
  if (test.comparison == "NE" || test.comparison.starts_with('L')) return false;
  const uint64_t value = test.comparison == "MASKED_EQ" ? test.value & test.mask : test.value;
  return value > UINT32_MAX && static_cast<int64_t>(value) != static_cast<int32_t>(value);
}

// From the strictest on.
size_t Strictness(uint32_t verdict) {
  constexpr std::array<uint32_t, 5> kOrder = {SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP,
                                              SECCOMP_RET_ERRNO, SECCOMP_RET_USER_NOTIF,
                                              SECCOMP_RET_ALLOW};
  const auto* const found =
      std::find(kOrder.begin(), kOrder.end(), verdict & SECCOMP_RET_ACTION_FULL);
  return static_cast<size_t>(found - kOrder.begin());
}

bool Matches(const ModelPolicy& policy, const ModelRule& rule, Convention convention,
             const seccomp_data& call) {
  if (rule.section && *rule.section != convention) return false;
  const KnownCall& known = kCalls[rule.call];
  if (convention == Convention::k32Bit && known.socketcall != 0) {
    // The arguments that count are in memory.
    const bool is_looser = Strictness(rule.verdict) > Strictness(policy.otherwise);
    if (is_looser && !rule.tests.empty()) return false;
    if (call.nr == kSocketcall) {
      return call.args[0] == known.socketcall &&
             std::none_of(rule.tests.begin(), rule.tests.end(), WantsMoreThan32Bits);
    }
  }
  if (call.nr != known.numbers[static_cast<size_t>(convention)]) return false;
  return std::all_of(rule.tests.begin(), rule.tests.end(), [&](const ModelTest& test) {
    return Compares(test, call.args[test.index], convention != Convention::k64Bit);
  });
}

}  // namespace

ModelPolicy RandomPolicy(Random& random, size_t most_rules) {
  if (Chance(random, 8)) return FirstVersion(random, most_rules);
  const bool allows = Chance(random, 2);
  ModelPolicy policy{"2\n", allows ? SECCOMP_RET_KILL_THREAD : SECCOMP_RET_ALLOW, false, {}};
  const uint32_t usual = allows ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_THREAD;
  policy.text += Chance(random, 2) ? (allows ? "allowlist" : "denylist")
                                   : (allows ? "whitelist" : "blacklist");
  if (Chance(random, 2)) {
    const Action action = RandomAction(random);
    policy.otherwise = action.verdict;
    policy.text += " " + action.words;
  }
  policy.text += "\n";
  std::optional<Convention> section;
  for (size_t count = random() % (most_rules + 1); count > 0; --count) {
    if (Chance(random, 6)) AddSection(random, policy, section);
    if (Chance(random, 12)) policy.text += Chance(random, 2) ? "# nothing\n" : "\n";
    AddRule(random, policy, section, usual);
  }
  return policy;
}

seccomp_data RandomCall(Random& random, const ModelPolicy& policy) {
  constexpr uint32_t kArchitectures[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_X86_64, AUDIT_ARCH_I386,
                                         AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64};
  seccomp_data call{};
  call.arch = Pick(random, kArchitectures);
  call.nr = static_cast<int>(random() % 450);
  const ModelRule* const rule = policy.rules.empty() ? nullptr : &Pick(random, policy.rules);
  if (!Chance(random, 8)) {
    const size_t known = rule != nullptr ? rule->call : random() % std::size(kCalls);
    const bool is_32_bit = call.arch == AUDIT_ARCH_I386;
    const int number = kCalls[known].numbers[is_32_bit ? 1 : (Chance(random, 4) ? 2 : 0)];
    if (number != kNone) call.nr = number;
    if (is_32_bit && kCalls[known].socketcall != 0 && Chance(random, 2)) call.nr = kSocketcall;
  }
  for (auto& argument : call.args) argument = RandomValue(random) - random() % 2;
  if (rule != nullptr) {
    for (const ModelTest& test : rule->tests) {
      if (!Chance(random, 4)) call.args[test.index] = test.value + random() % 3 - 1;
    }
  }
  if (call.arch == AUDIT_ARCH_I386) {
    if (call.nr == kSocketcall && !Chance(random, 4)) {
      call.args[0] = Chance(random, 2) ? kCalls[13].socketcall : kCalls[14].socketcall;
    }
    for (auto& argument : call.args) argument &= UINT32_MAX;
  }
  return call;
}

uint32_t VerdictOf(const ModelPolicy& policy, const seccomp_data& call) {
  const auto convention = ConventionOf(call);
  const bool is_known =
      convention && (!policy.is_first_version || *convention == Convention::k64Bit);
  if (!is_known) return SECCOMP_RET_KILL_THREAD;
  std::optional<uint32_t> strictest;
  for (const ModelRule& rule : policy.rules) {
    if (!Matches(policy, rule, *convention, call)) continue;
    if (!strictest || Strictness(rule.verdict) < Strictness(*strictest)) strictest = rule.verdict;
  }
  return strictest.value_or(policy.otherwise);
}

}  // namespace lxcspec::runtime
