// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/seccomp/policy.h"

#include <fmt/format.h>
#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "runtime/base/text.h"

namespace lxcspec::runtime {
namespace {

// Sections' names in lower case, and libseccomp's.
constexpr std::array<std::pair<std::string_view, std::string_view>, 25> kArchitectures = {{
    {"all", ""},
    {"x86", "x86"},
    {"i386", "x86"},
    {"x86_64", "x86_64"},
    {"amd64", "x86_64"},
    {"x32", "x32"},
    {"arm", "arm"},
    {"arm64", "aarch64"},
    {"aarch64", "aarch64"},
    {"mips", "mips"},
    {"mips64", "mips64"},
    {"mips64n32", "mips64n32"},
    {"mipsel", "mipsel"},
    {"mipsel64", "mipsel64"},
    {"mipsel64n32", "mipsel64n32"},
    {"parisc", "parisc"},
    {"parisc64", "parisc64"},
    {"ppc", "ppc"},
    {"powerpc", "ppc"},
    {"ppc64", "ppc64"},
    {"ppc64le", "ppc64le"},
    {"riscv64", "riscv64"},
    {"s390", "s390"},
    {"s390x", "s390x"},
    {"loongarch64", "loongarch64"},
}};

constexpr std::array<std::pair<std::string_view, Comparison>, 7> kComparisons = {{
    {"SCMP_CMP_NE", Comparison::kNotEqual},
    {"SCMP_CMP_LT", Comparison::kLess},
    {"SCMP_CMP_LE", Comparison::kLessOrEqual},
    {"SCMP_CMP_EQ", Comparison::kEqual},
    {"SCMP_CMP_GE", Comparison::kGreaterOrEqual},
    {"SCMP_CMP_GT", Comparison::kGreater},
    {"SCMP_CMP_MASKED_EQ", Comparison::kMaskedEqual},
}};

template <typename Table>
auto Find(const Table& table, std::string_view name) {
  const auto* found =
      std::find_if(table.begin(), table.end(), [&](const auto& one) { return one.first == name; });
  return found == table.end() ? std::nullopt : std::optional(found->second);
}

// What a message repeats of a line; the file may be no text at all.
std::string Shown(std::string_view text) {
  constexpr size_t kLongest = 60;
  std::string shown(text.substr(0, kLongest));
  for (char& one : shown) {
    if (one < ' ' || one > '~') one = '?';
  }
  return '"' + shown + (text.size() > kLongest ? "...\"" : "\"");
}

class Parser {
 public:
  explicit Parser(ListWords list_words) : list_words_(list_words) {}

  Result<SeccompPolicy> Parse(std::string_view text) {
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      ++line_;
      TRY(Line(text.substr(0, end)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    ++line_;
    if (line_ == 1) return Refused("the version, 1 or 2, is missing");
    if (line_ == 2) return Refused("allowlist or denylist is missing");
    return std::move(policy_);
  }

 private:
  tl::unexpected<Error> Refused(std::string_view what, int code = EINVAL) const {
    return Failure(code, fmt::format("line {}: {}", line_, what));
  }

  Status Line(std::string_view line) {
    const std::string_view text = Trim(line.substr(0, line.find('#')));
    if (line_ == 1) return Version(text);
    if (line_ == 2) return Kind(text);
    if (text.empty()) return {};
    if (policy_.rules.size() >= kMostRules) {
      return Refused(fmt::format("more than {} rules", kMostRules), E2BIG);
    }
    return policy_.by_number ? Number(text) : Rule(text);
  }

  Status Version(std::string_view text) {
    if (text != "1" && text != "2") {
      return Refused(fmt::format("the version must be 1 or 2, not {}", Shown(text)));
    }
    policy_.by_number = text == "1";
    return {};
  }

  Status Kind(std::string_view text) {
    const size_t end = std::min(text.find_first_of(" \t"), text.size());
    const auto kind = list_words_(text.substr(0, end));
    if (!kind) return Refused(fmt::format("{} is neither allowlist nor denylist", Shown(text)));
    const bool allows = *kind == ListKind::kAllow;
    constexpr SeccompVerdict kAllow{.action = SeccompAction::kAllow};
    constexpr SeccompVerdict kKill{.action = SeccompAction::kKill};
    policy_.otherwise = allows ? kKill : kAllow;
    usual_ = allows ? kAllow : kKill;
    std::string_view rest = Trim(text.substr(end));
    if (policy_.by_number && (!allows || !rest.empty())) {
      return Refused("version 1 has allowlist, and nothing more, here");
    }
    if (rest.empty()) return {};
    TRY(Action(rest, policy_.otherwise));
    if (!rest.empty()) return Refused(fmt::format("{} follows the action", Shown(rest)));
    return {};
  }

  Status Number(std::string_view text) {
    const auto number = ParseUnsigned(text);
    if (!number || *number > INT32_MAX) {
      return Refused(fmt::format("version 1 has a system call's number here, not {}", Shown(text)));
    }
    policy_.rules.push_back(
        {.line = line_, .number = static_cast<uint32_t>(*number), .verdict = usual_});
    return {};
  }

  Status Rule(std::string_view text) {
    if (text.front() == '[') return Section(text);
    if (text == "reject_force_umount") {
      constexpr uint64_t kForce = MNT_FORCE;
      policy_.rules.push_back({.line = line_,
                               .architecture = architecture_,
                               .name = "umount2",
                               .verdict = {.action = SeccompAction::kErrno, .number = EACCES},
                               .tests = {{.index = 1,
                                          .comparison = Comparison::kMaskedEqual,
                                          .value = kForce,
                                          .mask = kForce}}});
      return {};
    }
    const size_t end = std::min(text.find_first_of(" \t["), text.size());
    PolicyRule rule{.line = line_,
                    .architecture = architecture_,
                    .name = std::string(text.substr(0, end)),
                    .verdict = usual_};
    TRY(Name(rule.name));
    std::string_view rest = Trim(text.substr(end));
    if (!rest.empty() && rest.front() != '[') TRY(Action(rest, rule.verdict));
    while (!rest.empty()) TRY(Test(rest, rule.tests));
    policy_.rules.push_back(std::move(rule));
    return {};
  }

  Status Section(std::string_view text) {
    if (text.back() != ']') return Refused(fmt::format("{} lacks a ]", Shown(text)));
    const auto found = Find(kArchitectures, ToLower(Trim(text.substr(1, text.size() - 2))));
    if (!found) return Refused(fmt::format("{} is no known architecture", Shown(text)));
    architecture_ = *found;
    return {};
  }

  Status Name(const std::string& name) const {
    const bool is_number = name[0] >= '0' && name[0] <= '9';
    const bool is_name = std::all_of(name.begin(), name.end(), [](char one) {
      return (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') ||
             (one >= '0' && one <= '9') || one == '_';
    });
    if (is_name && !is_number) return {};
    return Refused(fmt::format("{} is no system call's name", Shown(name)));
  }

  // Takes an action, and its number, from the front of the text.
  Status Action(std::string_view& text, SeccompVerdict& verdict) const {
    const std::string_view word = TakeWord(text);
    if (word == "kill") {
      verdict = {.action = SeccompAction::kKill};
    } else if (word == "allow") {
      verdict = {.action = SeccompAction::kAllow};
    } else if (word == "trap") {
      verdict = {.action = SeccompAction::kTrap};
    } else if (word == "notify") {
      verdict = {.action = SeccompAction::kNotify};
    } else if (word == "errno") {
      const std::string_view digits = TakeWord(text);
      const auto number = ParseUnsigned(digits);
      if (!number || *number > kMostErrno) {
        return Refused(
            fmt::format("errno needs a number from 0 to {}, not {}", kMostErrno, Shown(digits)));
      }
      verdict = {.action = SeccompAction::kErrno, .number = static_cast<uint16_t>(*number)};
    } else {
      return Refused(fmt::format("{} is no action: kill, allow, errno, trap, notify", Shown(word)));
    }
    return {};
  }

  static std::string_view TakeWord(std::string_view& text) {
    const size_t end = std::min(text.find_first_of(" \t["), text.size());
    const std::string_view word = text.substr(0, end);
    text = Trim(text.substr(end));
    return word;
  }

  // Takes [index,value,comparison] or [index,value,comparison,mask] from the front of the text.
  Status Test(std::string_view& text, std::vector<ArgumentTest>& tests) const {
    const size_t end = text.find(']');
    if (text.front() != '[' || end == text.npos) {
      return Refused(fmt::format("{} is no [index,value,comparison]", Shown(text)));
    }
    const std::string_view whole = text.substr(0, end + 1);
    std::vector<std::string_view> fields;
    for (std::string_view rest = text.substr(1, end - 1);;) {
      const size_t comma = std::min(rest.find(','), rest.size());
      fields.push_back(Trim(rest.substr(0, comma)));
      if (comma == rest.size() || fields.size() > 4) break;
      rest.remove_prefix(comma + 1);
    }
    text = Trim(text.substr(end + 1));
    if (fields.size() < 3 || fields.size() > 4) {
      return Refused(fmt::format("{} has not three fields, or four", Shown(whole)));
    }
    const auto index = ParseUnsigned(fields[0]);
    if (!index || *index >= kArgumentCount) {
      return Refused(fmt::format("{} is no argument: 0 to 5", Shown(fields[0])));
    }
    const auto value = Value(fields[1]);
    if (!value) return Refused(fmt::format("{} is no number", Shown(fields[1])));
    const auto comparison = Find(kComparisons, fields[2]);
    if (!comparison) return Refused(fmt::format("{} is no comparison", Shown(fields[2])));
    ArgumentTest test{.index = static_cast<uint32_t>(*index),
                      .comparison = *comparison,
                      .value = *value,
                      .mask = 0};
    const bool has_mask = fields.size() == 4;
    if (has_mask != (test.comparison == Comparison::kMaskedEqual)) {
      return Refused(fmt::format("{}: a mask goes with SCMP_CMP_MASKED_EQ", Shown(whole)));
    }
    if (has_mask) {
      const auto mask = Value(fields[3]);
      if (!mask) return Refused(fmt::format("{} is no number", Shown(fields[3])));
      test.mask = *mask;
    }
    for (const ArgumentTest& other : tests) {
      if (other.index == test.index) {
        return Refused(fmt::format("argument {} is compared twice", test.index));
      }
    }
    tests.push_back(test);
    return {};
  }

  // Negative numbers are those that a system call sees.
  static std::optional<uint64_t> Value(std::string_view text) {
    if (!text.starts_with('-')) return ParseUnsigned(text);
    const auto number = ParseSigned(text);
    if (!number) return std::nullopt;
    return static_cast<uint64_t>(*number);
  }

  ListWords list_words_;
  size_t line_ = 0;
  SeccompPolicy policy_;
  // Of rules that name no action.
  SeccompVerdict usual_;
  std::string architecture_;
};

}  // namespace

Result<SeccompPolicy> ParseSeccompPolicy(std::string_view text, ListWords list_words) {
  return Parser(list_words).Parse(text);
}

}  // namespace lxcspec::runtime
