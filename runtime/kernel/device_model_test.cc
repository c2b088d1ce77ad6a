// SPDX-License-Identifier: Apache-2.0
//
// Holds rules, the program that they become and the table that they become against a model that
// knows none of them: for every list of up to four rules of an alphabet, and for long ones.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "runtime/kernel/device_interpreter.h"
#include "runtime/kernel/device_program.h"
#include "runtime/kernel/device_rules.h"
#include "runtime/kernel/device_table.h"

namespace lxcspec::runtime {
namespace {

DeviceRule Parsed(bool allow, const std::string& text) {
  const auto rule = ParseDeviceRule(allow, text);
  EXPECT_TRUE(rule) << text;
  return rule.value();
}

struct Device {
  DeviceType type;
  uint32_t major;
  uint32_t minor;
};

bool Names(const DeviceRule& rule, const Device& device) {
  return (device.type == DeviceType::kBlock ? rule.block : rule.character) &&
         rule.major.value_or(device.major) == device.major &&
         rule.minor.value_or(device.minor) == device.minor;
}

// Two rules that name the same devices of that type.
bool NameTheSame(const DeviceRule& one, const DeviceRule& other, DeviceType type) {
  const bool both =
      type == DeviceType::kBlock ? one.block && other.block : one.character && other.character;
  return both && one.major == other.major && one.minor == other.minor;
}

// Two rules that both name some device of that type.
bool NameOne(const DeviceRule& one, const DeviceRule& other, DeviceType type) {
  const bool both =
      type == DeviceType::kBlock ? one.block && other.block : one.character && other.character;
  return both &&
         one.major.value_or(other.major.value_or(0)) ==
             other.major.value_or(one.major.value_or(0)) &&
         one.minor.value_or(other.minor.value_or(0)) == other.minor.value_or(one.minor.value_or(0));
}

// What the words of the manual page come to, without anything that makes it quick: the last rule
// for everything, or else the first rule, says what the list is. Then each use is said by a rule
// of the list's kind behind it which no later rule of the other kind has taken back. Where it is
// the first rule that says so, any denial takes back all rules that have a device in common.
uint32_t ModelOf(const std::vector<DeviceRule>& list, const Device& device) {
  if (list.empty()) return kMayAll;
  size_t begin = 0;
  bool decided = false;
  bool denies_others = list.front().allow;
  for (size_t i = 0; i < list.size(); ++i) {
    if (!list[i].IsForEverything()) continue;
    denies_others = !list[i].allow;
    decided = true;
    begin = i + 1;
  }
  uint32_t said = 0;
  for (const uint32_t use : {kMayMake, kMayRead, kMayWrite}) {
    for (size_t i = begin; i < list.size(); ++i) {
      if (list[i].allow != denies_others || (list[i].access & use) == 0) continue;
      if (!Names(list[i], device)) continue;
      bool taken_back = false;
      for (const DeviceRule& other : list) {
        if (decided || !denies_others || other.allow || (other.access & use) == 0) continue;
        taken_back = taken_back || NameOne(list[i], other, device.type);
      }
      for (size_t later = i + 1; later < list.size(); ++later) {
        taken_back =
            taken_back || (list[later].allow != denies_others && (list[later].access & use) != 0 &&
                           NameTheSame(list[i], list[later], device.type));
      }
      if (!taken_back) said |= use;
    }
  }
  return denies_others ? said : kMayAll & ~said;
}

bool ModelPermits(uint32_t allowed, uint32_t access) {
  return allowed != 0 && (access & ~allowed) == 0;
}

// What a list means, in the form in which programs are made of it.
using Meaning = std::tuple<bool, std::vector<std::tuple<DeviceSet, uint32_t>>>;
Meaning MeaningOf(const DeviceRules& rules) {
  Meaning meaning{rules.IsAllowlist(), {}};
  for (const auto& [devices, access] : rules.accesses()) {
    std::get<1>(meaning).emplace_back(devices, access);
  }
  return meaning;
}

// Which accesses to each device a program permits, as bits; nothing for a damaged program.
std::optional<std::vector<uint8_t>> Permitted(const std::vector<bpf_insn>& program,
                                              const std::vector<Device>& devices,
                                              std::span<const uint8_t> table = {}) {
  std::vector<uint8_t> permitted;
  for (const Device& device : devices) {
    uint8_t bits = 0;
    for (uint32_t access = 0; access <= kMayAll; ++access) {
      const auto outcome =
          InterpretDeviceProgram(program, {device.type, device.major, device.minor, access}, table);
      if (!outcome) return std::nullopt;
      if (outcome->permits) bits |= static_cast<uint8_t>(1U << access);
    }
    permitted.push_back(bits);
  }
  return permitted;
}

// Of both forms, which must agree; a table cannot have every rule.
std::optional<std::vector<uint8_t>> PermittedByBoth(const DeviceRules& rules,
                                                    const std::vector<Device>& devices) {
  const auto program = CompileDeviceRules(rules);
  if (!program) return std::nullopt;
  auto permitted = Permitted(*program, devices);
  if (const auto layout = DeviceTableLayout::Make(rules)) {
    const auto lookup = CompileTableLookup(-1, *layout);
    if (Permitted(lookup, devices, layout->bytes()) != permitted) return std::nullopt;
  } else {
    EXPECT_EQ(layout.error().code, ENOTSUP) << layout.error().ToString();
  }
  return permitted;
}

std::vector<uint8_t> ModelOfAll(const std::vector<DeviceRule>& list,
                                const std::vector<Device>& devices) {
  std::vector<uint8_t> permitted;
  for (const Device& device : devices) {
    const uint32_t allowed = ModelOf(list, device);
    uint8_t bits = 0;
    for (uint32_t access = 0; access <= kMayAll; ++access) {
      if (ModelPermits(allowed, access)) bits |= static_cast<uint8_t>(1U << access);
    }
    permitted.push_back(bits);
  }
  return permitted;
}

std::vector<Device> AllOf(const std::vector<uint32_t>& majors,
                          const std::vector<uint32_t>& minors) {
  std::vector<Device> devices;
  for (const DeviceType type : {DeviceType::kBlock, DeviceType::kCharacter}) {
    for (const uint32_t major : majors) {
      for (const uint32_t minor : minors) devices.push_back({type, major, minor});
    }
  }
  return devices;
}

TEST(DeviceModelTest, EveryListOfUpToFourRulesMeansWhatTheModelSays) {
  std::vector<DeviceRule> alphabet;
  for (const bool allow : {true, false}) {
    for (const char* text : {"a", "a *:* rwm", "a *:* rw", "a *:* m", "a 1:3 rw", "b *:* rwm",
                             "b 1:3 w", "b 2:* m", "c *:* m", "c 1:* w", "c 1:* rwm", "c *:3 r",
                             "c 1:3 rwm", "c 1:3 r", "c 1:3 w", "c 2:300 rm"}) {
      alphabet.push_back(Parsed(allow, text));
    }
  }
  const std::vector<Device> devices = AllOf({1, 2}, {3, 4, 300});
  // A program is made of a meaning, and many lists have the same one.
  std::map<Meaning, std::vector<uint8_t>> programs;
  // A number in the alphabet's base is a list: 0 is no rule, and only at its end.
  const size_t base = alphabet.size() + 1;
  size_t lists = 0;
  std::vector<size_t> digits;
  for (size_t number = 1; number < base * base * base * base; ++number) {
    digits.clear();
    for (size_t rest = number; rest != 0; rest /= base) digits.push_back(rest % base);
    if (std::find(digits.begin(), digits.end(), 0U) != digits.end()) continue;
    std::vector<DeviceRule> list;
    DeviceRules rules;
    for (const size_t digit : digits) {
      list.push_back(alphabet[digit - 1]);
      rules.Add(list.back());
    }
    const auto [known, is_new] = programs.try_emplace(MeaningOf(rules));
    if (is_new) {
      auto permitted = PermittedByBoth(rules, devices);
      ASSERT_TRUE(permitted) << "program and table differ, or are damaged: list " << number;
      known->second = *std::move(permitted);
    }
    ASSERT_EQ(known->second, ModelOfAll(list, devices)) << "list " << number;
    ++lists;
  }
  EXPECT_GE(lists, 1'000'000U);
  RecordProperty("lists", std::to_string(lists));
  RecordProperty("programs", std::to_string(programs.size()));
}

TEST(DeviceModelTest, LongListsMeanWhatTheModelSays) {
  constexpr unsigned kSeed = 21;
  std::mt19937 random(kSeed);
  const auto one_of = [&](uint32_t count) { return static_cast<uint32_t>(random() % count); };
  const std::vector<uint32_t> minors = {0, 1, 2, 255, 256, 257, 8191, 8192, 70'000, kMinors - 1};
  const std::vector<Device> devices = AllOf({0, 1, 2, 3, 510, 511, 512, 4000, kMajors - 1}, minors);
  for (int round = 0; round < 400; ++round) {
    std::vector<DeviceRule> list = {Parsed(one_of(2) == 0, "a")};
    DeviceRules rules;
    rules.Add(list.front());
    // Every other list is one that a table can have.
    const bool far = round % 2 == 0;
    for (uint32_t left = one_of(60); left > 0; --left) {
      DeviceRule rule{.allow = one_of(2) == 0, .access = 1 + one_of(kMayAll)};
      rule.block = one_of(2) == 0;
      rule.character = !rule.block || one_of(4) == 0;
      if (one_of(5) != 0) rule.major = one_of(8) == 0 ? (far ? kMajors - 1 : 511) : one_of(4);
      if (one_of(3) != 0 && (far || rule.major)) {
        rule.minor = minors[one_of(static_cast<uint32_t>(minors.size()))];
      }
      list.push_back(rule);
      rules.Add(rule);
    }
    const auto permitted = PermittedByBoth(rules, devices);
    ASSERT_TRUE(permitted) << "program and table differ, or are damaged: round " << round;
    ASSERT_EQ(*permitted, ModelOfAll(list, devices)) << round;
  }
}

// The layout's own view of what is in the kernel, changed device by device.
TEST(DeviceModelTest, ChangesOfATableMeanWhatTheModelSays) {
  constexpr unsigned kSeed = 22;
  std::mt19937 random(kSeed);
  const auto one_of = [&](uint32_t count) { return static_cast<uint32_t>(random() % count); };
  const std::vector<uint32_t> minors = {0, 7, 255, 256, 511, 9000, kMinors - 1};
  const std::vector<Device> devices = AllOf({0, 1, 300, 511, 512}, minors);
  int changes = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<DeviceRule> list = {Parsed(one_of(2) == 0, "a"), Parsed(true, "c 1:* rw"),
                                    Parsed(false, "b 300:256 w")};
    DeviceRules rules;
    for (const DeviceRule& rule : list) rules.Add(rule);
    auto layout = DeviceTableLayout::Make(rules);
    ASSERT_TRUE(layout) << layout.error().ToString();
    std::vector<uint8_t> table = layout->bytes();
    const auto lookup = CompileTableLookup(-1, *layout);
    for (int change = 0; change < 20; ++change) {
      DeviceRule rule{.allow = one_of(2) == 0, .access = 1 + one_of(kMayAll)};
      rule.block = one_of(2) == 0;
      rule.character = !rule.block;
      rule.major = std::array{0U, 1U, 300U, 511U}[one_of(4)];
      rule.minor = minors[one_of(static_cast<uint32_t>(minors.size()))];
      if (!layout->CanSet(*rule.major, *rule.minor)) break;
      list.push_back(rule);
      rules.Add(rule);
      const DeviceType type = rule.block ? DeviceType::kBlock : DeviceType::kCharacter;
      layout->Set(table, type, *rule.major, *rule.minor,
                  rules.Allowed(type, *rule.major, *rule.minor));
      ASSERT_EQ(Permitted(lookup, devices, table), ModelOfAll(list, devices))
          << "round " << round << " change " << change;
      ++changes;
    }
  }
  EXPECT_GT(changes, 500);
}

TEST(DeviceModelTest, TypesThatDoNotExistMayNotBeUsed) {
  DeviceRules rules;
  rules.Add(Parsed(true, "a"));
  const auto layout = DeviceTableLayout::Make(rules);
  ASSERT_TRUE(layout);
  const auto lookup = CompileTableLookup(-1, *layout);
  // DEVCG_DEV_ALL of the kernel is 4.
  for (const uint32_t type : {0U, 3U, 4U}) {
    const auto outcome = InterpretDeviceProgram(
        lookup, {static_cast<DeviceType>(type), 1, 3, kMayRead}, layout->bytes());
    ASSERT_TRUE(outcome);
    EXPECT_FALSE(outcome->permits) << type;
  }
}

}  // namespace
}  // namespace lxcspec::runtime
