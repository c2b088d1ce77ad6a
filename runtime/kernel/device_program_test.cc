// SPDX-License-Identifier: Apache-2.0
//
// Holds compiled programs against the plain meaning of their rules by interpreting them.

#include "runtime/kernel/device_program.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace lxcspec::runtime {
namespace {

struct Use {
  DeviceType type;
  uint32_t major;
  uint32_t minor;
  uint32_t access;
};

struct Outcome {
  bool permits = false;
  int executed = 0;
};

// The few instructions that a program is of. Nothing for any other, or for a jump out of it.
std::optional<Outcome> Interpret(const std::vector<bpf_insn>& program, const Use& use) {
  const std::array<uint32_t, 3> context = {(use.access << 16) | static_cast<uint32_t>(use.type),
                                           use.major, use.minor};
  std::array<uint64_t, 11> registers = {};
  Outcome outcome;
  for (size_t at = 0; at < program.size(); ++at) {
    const bpf_insn& insn = program[at];
    uint64_t& destination = registers[insn.dst_reg];
    const auto immediate = static_cast<uint64_t>(int64_t{insn.imm});
    bool jumps = false;
    ++outcome.executed;
    switch (insn.code) {
      case BPF_LDX | BPF_MEM | BPF_W:
        destination = context.at(static_cast<size_t>(insn.off) / sizeof(uint32_t));
        continue;
      case BPF_ALU64 | BPF_MOV | BPF_X:
        destination = registers[insn.src_reg];
        continue;
      case BPF_ALU64 | BPF_MOV | BPF_K:
        destination = immediate;
        continue;
      case BPF_ALU64 | BPF_AND | BPF_K:
        destination &= immediate;
        continue;
      case BPF_JMP | BPF_JA:
        jumps = true;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        jumps = destination == immediate;
        break;
      case BPF_JMP | BPF_JNE | BPF_K:
        jumps = destination != immediate;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        jumps = destination >= immediate;
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        jumps = (destination & immediate) != 0;
        break;
      case BPF_JMP | BPF_EXIT:
        outcome.permits = registers[BPF_REG_0] == 1;
        return outcome;
      default:
        return std::nullopt;
    }
    if (insn.off < 0) return std::nullopt;
    if (jumps) at += static_cast<size_t>(insn.off);
  }
  return std::nullopt;
}

DeviceRule Parsed(bool allow, const std::string& text) {
  const auto rule = ParseDeviceRule(allow, text);
  EXPECT_TRUE(rule) << text;
  return rule.value();
}

// The first use, if any, about which program and rules differ.
std::string Difference(const DeviceRules& rules, const std::vector<Use>& uses,
                       int* most = nullptr) {
  const auto program = CompileDeviceRules(rules);
  if (!program) return program.error().ToString();
  for (const Use& use : uses) {
    const auto outcome = Interpret(*program, use);
    if (!outcome || outcome->permits != rules.Permits(use.type, use.major, use.minor, use.access)) {
      return std::string(use.type == DeviceType::kBlock ? "b " : "c ") + std::to_string(use.major) +
             ":" + std::to_string(use.minor) + " " + std::to_string(use.access) +
             (outcome ? "" : ": the program is damaged");
    }
    if (most != nullptr && outcome->executed > *most) *most = outcome->executed;
  }
  return "";
}

std::vector<Use> AllUses(const std::vector<uint32_t>& majors, const std::vector<uint32_t>& minors) {
  std::vector<Use> uses;
  for (const DeviceType type : {DeviceType::kBlock, DeviceType::kCharacter}) {
    for (const uint32_t major : majors) {
      for (const uint32_t minor : minors) {
        for (uint32_t access = 0; access <= kMayAll; ++access) {
          uses.push_back({type, major, minor, access});
        }
      }
    }
  }
  return uses;
}

TEST(DeviceProgramTest, EveryShortListOfRulesMeansWhatItSays) {
  std::vector<DeviceRule> alphabet;
  for (const bool allow : {true, false}) {
    for (const char* text :
         {"a", "a *:* rw", "b *:* rwm", "c 1:* w", "c *:3 r", "c 1:3 rwm", "c 1:3 r"}) {
      alphabet.push_back(Parsed(allow, text));
    }
  }
  const std::vector<Use> uses = AllUses({1, 2}, {3, 4});
  // A number in the alphabet's base is a list: 0 is no rule.
  const size_t base = alphabet.size() + 1;
  for (size_t number = 1; number < base * base * base * base; ++number) {
    DeviceRules rules;
    std::vector<size_t> digits;
    for (size_t rest = number; rest != 0; rest /= base) digits.push_back(rest % base);
    for (const size_t digit : digits) {
      if (digit != 0) rules.Add(alphabet[digit - 1]);
    }
    ASSERT_EQ(Difference(rules, uses), "") << number;
  }
}

TEST(DeviceProgramTest, RandomListsMeanWhatTheySay) {
  constexpr unsigned kSeed = 20;
  std::mt19937 random(kSeed);
  const auto one_of = [&](uint32_t count) { return static_cast<uint32_t>(random() % count); };
  const std::vector<Use> uses =
      AllUses({0, 1, 2, 3, 4, 5, kMajors - 1}, {0, 1, 2, 3, 4, 5, 255, 256, kMinors - 1});
  for (int round = 0; round < 300; ++round) {
    DeviceRules rules;
    rules.Add(Parsed(one_of(2) == 0, "a"));
    for (uint32_t left = one_of(60); left > 0; --left) {
      DeviceRule rule{.allow = one_of(2) == 0, .access = 1 + one_of(kMayAll)};
      rule.block = one_of(2) == 0;
      rule.character = !rule.block || one_of(4) == 0;
      if (one_of(5) != 0) rule.major = one_of(8) == 0 ? kMajors - 1 : one_of(6);
      if (one_of(5) != 0) rule.minor = one_of(8) == 0 ? kMinors - 1 : one_of(6);
      rules.Add(rule);
    }
    ASSERT_EQ(Difference(rules, uses), "") << round;
  }
}

TEST(DeviceProgramTest, TheCustomaryListTakesFewInstructions) {
  DeviceRules rules;
  rules.Add(Parsed(false, "a"));
  for (const char* text :
       {"c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 5:0 rwm", "c 5:1 rwm",
        "c 5:2 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 136:* rwm", "c 10:229 rwm"}) {
    rules.Add(Parsed(true, text));
  }
  std::vector<uint32_t> minors;
  for (uint32_t minor = 0; minor < 256; ++minor) minors.push_back(minor);
  int most = 0;
  EXPECT_EQ(Difference(rules, AllUses({0, 1, 2, 4, 5, 6, 9, 10, 11, 135, 136, 137}, minors), &most),
            "");
  EXPECT_LE(most, 24);
  EXPECT_LE(CompileDeviceRules(rules)->size(), 60u);
}

DeviceRules Many(uint32_t count) {
  DeviceRules rules;
  rules.Add(Parsed(false, "a"));
  for (uint32_t i = 0; i < count; ++i) {
    rules.Add({.allow = true,
               .character = true,
               .major = i % 250,
               .minor = i / 250 * 2,
               .access = kMayAll});
  }
  return rules;
}

TEST(DeviceProgramTest, AThousandRulesTakeFewInstructionsToo) {
  std::vector<uint32_t> majors;
  for (uint32_t major = 0; major < 256; ++major) majors.push_back(major);
  int most = 0;
  EXPECT_EQ(Difference(Many(1024), AllUses(majors, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}), &most), "");
  EXPECT_LE(most, 24);
}

TEST(DeviceProgramTest, TooManyRulesAreRefused) {
  // Each major has minors of its own: nothing is shared.
  DeviceRules rules;
  for (uint32_t i = 0; i < 20'000; ++i) {
    rules.Add(
        {.allow = true, .character = true, .major = i % 4000, .minor = 2 * i, .access = kMayAll});
  }
  const auto program = CompileDeviceRules(rules);
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code, E2BIG);
}

}  // namespace
}  // namespace lxcspec::runtime
