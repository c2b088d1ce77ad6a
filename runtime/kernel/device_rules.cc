// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/device_rules.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string>
#include <vector>

#include "runtime/base/text.h"

namespace lxcspec::runtime {
namespace {

// Nothing for a word that is no set of accesses.
std::optional<uint32_t> ParseAccess(std::string_view word) {
  uint32_t access = 0;
  for (const char c : word) {
    const uint32_t one = c == 'm' ? kMayMake : c == 'r' ? kMayRead : c == 'w' ? kMayWrite : 0;
    if (one == 0 || (access & one) != 0) return std::nullopt;
    access |= one;
  }
  if (access == 0) return std::nullopt;
  return access;
}

// Whether the word is `*` or a decimal number below the limit.
bool ParseNumber(std::string_view word, uint32_t limit, std::optional<uint32_t>& number) {
  number.reset();
  if (word == "*") return true;
  const bool digits = !word.empty() && std::all_of(word.begin(), word.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  // Seven digits are enough for any, and no overflow.
  if (!digits || word.size() > 7) return false;
  uint32_t value = 0;
  for (const char c : word) value = value * 10 + static_cast<uint32_t>(c - '0');
  number = value;
  return value < limit;
}

Result<DeviceRule> ParsePath(bool allow, std::string_view text) {
  DeviceRule rule{.allow = allow, .access = kMayAll};
  std::string path(text);
  const size_t blank = path.find_last_of(" \t");
  if (blank != path.npos) {
    if (const auto access = ParseAccess(path.substr(blank + 1))) {
      rule.access = *access;
      path = Trim(path.substr(0, blank));
    }
  }
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return ErrnoFailure(fmt::format("stat({})", path));
  rule.block = S_ISBLK(status.st_mode);
  rule.character = S_ISCHR(status.st_mode);
  if (!rule.block && !rule.character) {
    return Failure(ENODEV, fmt::format("device rule \"{}\": {} is no device", text, path));
  }
  rule.major = major(status.st_rdev);
  rule.minor = minor(status.st_rdev);
  return rule;
}

bool Meet(std::optional<uint32_t> one, std::optional<uint32_t> other) {
  return !one || !other || *one == *other;
}

// Whether there is a device that both name.
bool Overlap(const DeviceSet& one, const DeviceSet& other) {
  return one.type == other.type && Meet(one.major, other.major) && Meet(one.minor, other.minor);
}

}  // namespace

bool DeviceRule::IsForEverything() const {
  return block && character && !major && !minor && access == kMayAll;
}

Result<DeviceRule> ParseDeviceRule(bool allow, std::string_view text) {
  text = Trim(text);
  if (text.starts_with('/')) return ParsePath(allow, text);
  const auto refused = [&] {
    return Failure(EINVAL, fmt::format("device rule \"{}\": neither \"a\" nor a type, "
                                       "major:minor and some of \"rwm\"",
                                       text));
  };
  const std::vector<std::string> words = Words(text);
  DeviceRule rule{.allow = allow, .block = true, .character = true, .access = kMayAll};
  if (words == std::vector<std::string>{"a"}) return rule;
  if (words.size() != 3) return refused();
  if (words[0] != "a" && words[0] != "b" && words[0] != "c") return refused();
  rule.block = words[0] != "c";
  rule.character = words[0] != "b";
  const size_t colon = words[1].find(':');
  if (colon == std::string::npos) return refused();
  const std::string_view numbers = words[1];
  const auto access = ParseAccess(words[2]);
  if (!access || !ParseNumber(numbers.substr(0, colon), kMajors, rule.major) ||
      !ParseNumber(numbers.substr(colon + 1), kMinors, rule.minor)) {
    return refused();
  }
  rule.access = *access;
  return rule;
}

void DeviceRules::Add(const DeviceRule& rule) {
  if (rule.IsForEverything()) {
    is_allowlist_ = !rule.allow;
    is_decided_ = true;
    accesses_.clear();
    denied_.clear();
    return;
  }
  if (!is_allowlist_) is_allowlist_ = rule.allow;
  if (rule.block) AddOne({DeviceType::kBlock, rule.major, rule.minor}, rule);
  if (rule.character) AddOne({DeviceType::kCharacter, rule.major, rule.minor}, rule);
}

void DeviceRules::AddOne(const DeviceSet& devices, const DeviceRule& rule) {
  if (rule.allow == *is_allowlist_) {
    uint32_t access = rule.access;
    for (const auto& [others, denied] : denied_) {
      if (Overlap(devices, others)) access &= ~denied;
    }
    if (access != 0) accesses_[devices] |= access;
    return;
  }
  if (!is_decided_ && *is_allowlist_) {
    // cgroup2_devices.specific_deny
    Deny(devices, rule.access);
    return;
  }
  const auto said = accesses_.find(devices);
  if (said == accesses_.end()) return;
  said->second &= ~rule.access;
  if (said->second == 0) accesses_.erase(said);
}

void DeviceRules::Deny(const DeviceSet& devices, uint32_t access) {
  denied_[devices] |= access;
  for (auto said = accesses_.begin(); said != accesses_.end();) {
    if (Overlap(devices, said->first)) said->second &= ~access;
    said = said->second == 0 ? accesses_.erase(said) : std::next(said);
  }
}

uint32_t DeviceRules::Allowed(DeviceType type, uint32_t major, uint32_t minor) const {
  uint32_t said = 0;
  for (const auto& of_major : {std::optional(major), std::optional<uint32_t>()}) {
    for (const auto& of_minor : {std::optional(minor), std::optional<uint32_t>()}) {
      const auto found = accesses_.find({type, of_major, of_minor});
      if (found != accesses_.end()) said |= found->second;
    }
  }
  return IsAllowlist() ? said : kMayAll & ~said;
}

bool DeviceRules::Permits(DeviceType type, uint32_t major, uint32_t minor, uint32_t access) const {
  const uint32_t allowed = Allowed(type, major, minor);
  return !Restrict() || (allowed != 0 && (access & ~allowed) == 0);
}

}  // namespace lxcspec::runtime
