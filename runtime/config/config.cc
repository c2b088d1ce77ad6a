// SPDX-License-Identifier: Apache-2.0

#include "runtime/config/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <set>

#include "runtime/base/text.h"
#include "runtime/config/keys.h"

namespace lxcspec::runtime {
namespace {

constexpr std::string_view kInclude = "lxc.include";

tl::unexpected<Error> UnknownKey(std::string_view key) {
  return Failure(EINVAL, fmt::format("unknown configuration key \"{}\"", key));
}

bool IsWithin(std::string_view key, std::string_view family) {
  return key.size() > family.size() && key.starts_with(family) && key[family.size()] == '.';
}

// The canonical form of each value in `value`: one, or one per word.
Result<std::vector<std::string>> Canonical(const Key& entry, std::string_view key,
                                           std::string_view value) {
  const bool words = entry.shape == Shape::kWordList || entry.shape == Shape::kWordSet;
  std::vector<std::string> canonical;
  for (const std::string& part : words ? Words(value) : std::vector{std::string(value)}) {
    auto one = entry.codec(part);
    if (!one) {
      Error error = std::move(one).error();
      error.attempted = fmt::format("{}: {}", key, error.attempted);
      return Forward(std::move(error));
    }
    canonical.push_back(*std::move(one));
  }
  return canonical;
}

std::string Printed(const Key& entry, const std::vector<std::string>& values) {
  if (values.empty()) return std::string(entry.unset);
  if (entry.shape == Shape::kValue) return values.front();
  switch (entry.print) {
    case Print::kLines:
      return fmt::format("{}\n", fmt::join(values, "\n"));
    case Print::kBetween:
      return fmt::format("{}", fmt::join(values, "\n"));
    case Print::kSpaces:
      return fmt::format("{}", fmt::join(values, " "));
  }
  return "";
}

// With quotes around what would not be read back without: a parser takes blanks and a pair of
// quotes away.
std::string AsSaved(const std::string& value) {
  const bool is_quoted =
      (value.front() == '"' || value.front() == '\'') && value.front() == value.back();
  if (!is_quoted && Trim(value) == value) return value;
  return fmt::format("\"{}\"", value);
}

}  // namespace

Status Config::Set(std::string_view key, std::string_view value, Origin origin) {
  const Key* entry = FindKey(key);
  if (entry == nullptr) {
    // `lxc.net =` clears all there is.
    if (value.empty() && IsFamily(key)) return Clear(key);
    return UnknownKey(key);
  }
  if (value.empty()) return Clear(key);
  const auto slot = NetworkSlot(key);
  if (!entry->network_type.empty() &&
      Values(*slot + ".type") != std::vector{std::string(entry->network_type)}) {
    return Failure(EINVAL,
                   fmt::format("{}: only for {}.type = {}", key, *slot, entry->network_type));
  }
  auto canonical = Canonical(*entry, key, value);
  if (!canonical) return Forward(std::move(canonical).error());
  // Nothing but blanks: no words to add, or a set without any.
  if (canonical->empty()) return entry->shape == Shape::kWordSet ? Clear(key) : Status();

  // A new type makes a new interface of the slot.
  if (slot && key == *slot + ".type") EraseFamily(*slot);
  if (entry->shape == Shape::kValue || entry->shape == Shape::kWordSet) {
    if (origin == Origin::kOwn) DropLines(key);
    Erase(key);
  }
  std::vector<std::string>& values = values_[std::string(key)];
  for (const std::string& one : *canonical) {
    values.push_back(one);
    if (entry->shape == Shape::kList) order_.emplace_back(key, one);
  }
  if (origin != Origin::kOwn) return {};
  if (entry->shape == Shape::kWordSet) {
    // On one line: another one would replace it.
    lines_.emplace_back(key, fmt::format("{}", fmt::join(*canonical, " ")));
  } else {
    for (const std::string& one : *canonical) lines_.emplace_back(key, one);
  }
  return {};
}

Result<std::string> Config::Get(std::string_view key) const {
  if (const Key* entry = FindKey(key)) {
    const auto slot = NetworkSlot(key);
    const bool there = slot && std::any_of(values_.begin(), values_.end(), [&](const auto& item) {
                         return IsWithin(item.first, *slot);
                       });
    if (slot && !there) {
      return Failure(ENOENT, fmt::format("{}: there is no {}", key, *slot));
    }
    return Printed(*entry, Values(key));
  }
  if (!IsFamily(key)) return UnknownKey(key);
  std::string lines;
  for (const auto& [name, values] : values_) {
    if (!IsWithin(name, key)) continue;
    for (const std::string& value : values) lines += fmt::format("{} = {}\n", name, value);
  }
  return lines;
}

Status Config::Clear(std::string_view key) {
  if (FindKey(key) != nullptr) {
    const bool inherited =
        !Values(key).empty() && std::none_of(lines_.begin(), lines_.end(),
                                             [&](const Line& line) { return line.first == key; });
    DropLines(key);
    Erase(key);
    // An included file would bring the value back.
    if (inherited) lines_.emplace_back(key, "");
    // Without a type there is no interface to have the other keys.
    const auto slot = NetworkSlot(key);
    if (slot && key == *slot + ".type") EraseFamily(*slot);
    return {};
  }
  if (!IsFamily(key)) return UnknownKey(key);
  EraseFamily(key);
  return {};
}

void Config::ClearAll() { *this = Config(); }

Result<std::string> Config::Keys(std::string_view prefix) const {
  if (!prefix.empty() && !IsFamily(prefix)) return UnknownKey(prefix);
  const auto slot = prefix.empty() ? std::nullopt : NetworkSlot(prefix);
  std::set<std::string> names;
  for (const Key& entry : AllKeys()) {
    const bool pattern = entry.pattern.find_first_of("#*") != entry.pattern.npos;
    std::string name(entry.pattern);
    if (slot && name.starts_with("lxc.net.#")) {
      const auto& type = Values(*slot + ".type");
      if (!entry.network_type.empty() && (type.empty() || type[0] != entry.network_type)) continue;
      name = *slot + name.substr(sizeof("lxc.net.#") - 1);
    } else if (pattern) {
      continue;
    }
    names.insert(name);
  }
  for (const auto& [name, values] : values_) names.insert(name);
  std::string lines;
  for (const std::string& name : names) {
    if (prefix.empty()) lines += name + "\n";
    if (!prefix.empty() && IsWithin(name, prefix)) lines += name.substr(prefix.size() + 1) + "\n";
  }
  return lines;
}

const std::vector<std::string>& Config::Values(std::string_view key) const {
  static const std::vector<std::string> kNone;
  const auto found = values_.find(key);
  return found != values_.end() ? found->second : kNone;
}

Status Config::ReplaceValue(std::string_view key, std::string_view value,
                            std::string_view replacement) {
  const auto line = std::find(lines_.begin(), lines_.end(), Line(key, value));
  if (key == kInclude && line != lines_.end()) {
    line->second = replacement;
    return {};
  }
  const Key* entry = FindKey(key);
  if (entry == nullptr) return UnknownKey(key);
  auto canonical = Canonical(*entry, key, replacement);
  if (!canonical) return Forward(std::move(canonical).error());
  if (canonical->size() != 1) {
    return Failure(EINVAL, fmt::format("{}: \"{}\" is not one value", key, replacement));
  }
  const auto values = values_.find(key);
  if (line == lines_.end() || values == values_.end()) {
    return Failure(ENOENT, fmt::format("{}: \"{}\" is not set", key, value));
  }
  line->second = canonical->front();
  // What was set here came after what was included.
  const auto held = std::find(values->second.rbegin(), values->second.rend(), value);
  if (held != values->second.rend()) *held = canonical->front();
  const auto ordered = std::find(order_.rbegin(), order_.rend(), Line(key, value));
  if (ordered != order_.rend()) ordered->second = canonical->front();
  return {};
}

std::vector<std::pair<std::string, std::string>> Config::InOrder(std::string_view family) const {
  std::vector<Line> lines;
  std::copy_if(order_.begin(), order_.end(), std::back_inserter(lines),
               [&](const Line& line) { return IsWithin(line.first, family); });
  return lines;
}

void Config::AddInclude(std::string_view path) { lines_.emplace_back(kInclude, path); }

std::string Config::Saved() const {
  std::string text;
  for (const auto& [key, value] : lines_) {
    text +=
        value.empty() ? fmt::format("{} =\n", key) : fmt::format("{} = {}\n", key, AsSaved(value));
  }
  return text;
}

void Config::Erase(std::string_view key) {
  const auto found = values_.find(key);
  if (found == values_.end()) return;
  std::erase_if(order_, [&](const Line& line) { return line.first == key; });
  values_.erase(found);
}

void Config::EraseFamily(std::string_view family) {
  std::erase_if(values_, [&](const auto& item) { return IsWithin(item.first, family); });
  std::erase_if(lines_, [&](const Line& line) { return IsWithin(line.first, family); });
  std::erase_if(order_, [&](const Line& line) { return IsWithin(line.first, family); });
}

void Config::DropLines(std::string_view key) {
  std::erase_if(lines_, [&](const Line& line) { return line.first == key; });
}

}  // namespace lxcspec::runtime
