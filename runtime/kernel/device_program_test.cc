// SPDX-License-Identifier: Apache-2.0
//
// How much programs execute, and how large they become. That they mean what their rules say is
// tested in device_model_test.cc.

#include "runtime/kernel/device_program.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/kernel/device_interpreter.h"

namespace lxcspec::runtime {
namespace {

using Use = DeviceUse;

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
    const auto outcome = InterpretDeviceProgram(*program, use);
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
