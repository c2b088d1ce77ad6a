// SPDX-License-Identifier: Apache-2.0
//
// What a requirement is to a program. The requirements themselves are generated from the chapters:
// "spec/requirements/console_log.h" has those of one extension, "spec/requirements.h" all of them.

#ifndef LXCSPEC_SPEC_REQUIREMENT_H_
#define LXCSPEC_SPEC_REQUIREMENT_H_

#include <span>
#include <string_view>

namespace lxcspec::spec {

// RFC 2119.
enum class Level { kMust, kMustNot, kShould, kShouldNot, kMay };

// What it does, what it refuses, what happens where the kernel lacks it, what
// lxc_has_api_extension() answers.
enum class Kind { kDoes, kRefuses, kLacks, kAnnounces };

struct Requirement {
  std::string_view id;
  std::string_view extension;
  Level level;
  Kind kind;
  std::string_view since;                   // the first LXC level that has it, such as 4.0
  std::span<const std::string_view> needs;  // names of needs.yaml
};

// A kernel facility, and what proves it.
struct NeedInfo {
  std::string_view name;
  std::string_view proof;
};

}  // namespace lxcspec::spec

#endif  // LXCSPEC_SPEC_REQUIREMENT_H_
