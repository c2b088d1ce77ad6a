// SPDX-License-Identifier: Apache-2.0
//
// Who may have how many interfaces on which bridge: lxc-usernet(5). A line is
//
//     user|@group  type  bridge  count

#ifndef LXCSPEC_RUNTIME_CONTAINER_USER_NIC_ALLOWLIST_H_
#define LXCSPEC_RUNTIME_CONTAINER_USER_NIC_ALLOWLIST_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

struct Allowance {
  // A user's name, or a group's behind an @.
  std::string whose;
  std::string type;
  std::string bridge;
  uint32_t count = 0;

  bool operator==(const Allowance&) const = default;
};

// In the order of the file. What is no such line allows nothing; what is behind a # is a comment.
std::vector<Allowance> ParseAllowances(std::string_view text);

// Those of a file. EPERM for one that others than root can change.
Result<std::vector<Allowance>> ReadAllowances(const std::string& path);

// A user as the user database has him.
struct NicUser {
  uid_t id = 0;
  std::string name;
  std::vector<std::string> groups;
};

// ENOENT for a user that the database does not have.
Result<NicUser> FindNicUser(uid_t id);

bool IsFor(const Allowance& allowance, const NicUser& user);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_USER_NIC_ALLOWLIST_H_
