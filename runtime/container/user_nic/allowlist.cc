// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/user_nic/allowlist.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "runtime/base/text.h"
#include "runtime/base/unique_fd.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

// More digits would be more interfaces than a machine can have.
constexpr size_t kMostDigits = 6;

std::optional<uint32_t> ParseCount(const std::string& text) {
  const bool digits = !text.empty() && text.size() <= kMostDigits &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  if (!digits) return std::nullopt;
  return static_cast<uint32_t>(std::stoul(text));
}

std::optional<Allowance> ParseLine(std::string_view line) {
  const std::vector<std::string> words = Words(line.substr(0, line.find('#')), " \t\r");
  if (words.size() != 4) return std::nullopt;
  const auto count = ParseCount(words[3]);
  if (!count) return std::nullopt;
  return Allowance{.whose = words[0], .type = words[1], .bridge = words[2], .count = *count};
}

}  // namespace

std::vector<Allowance> ParseAllowances(std::string_view text) {
  std::vector<Allowance> allowances;
  for (const std::string& line : Words(text, "\n")) {
    if (auto allowance = ParseLine(line)) allowances.push_back(*std::move(allowance));
  }
  return allowances;
}

Result<std::vector<Allowance>> ReadAllowances(const std::string& path) {
  const auto file = Open(path, O_RDONLY | O_NONBLOCK);
  if (!file) return Forward(file.error());
  struct stat status {};
  if (fstat(file->get(), &status) != 0) return ErrnoFailure(fmt::format("stat({})", path));
  const bool is_roots = S_ISREG(status.st_mode) && status.st_uid == 0 &&
                        (status.st_mode & S_IWOTH) == 0 &&
                        (status.st_gid == 0 || (status.st_mode & S_IWGRP) == 0);
  if (!is_roots) return Failure(EPERM, fmt::format("{}: others than root can change it", path));
  const auto text = ReadWhole(DescriptorPath(file->get()));
  if (!text) return Forward(text.error());
  return ParseAllowances(*text);
}

Result<NicUser> FindNicUser(uid_t id) {
  errno = 0;
  const passwd* const entry = getpwuid(id);
  if (entry == nullptr) {
    return Failure(errno != 0 ? errno : ENOENT, fmt::format("find the user {}", id));
  }
  NicUser user{.id = id, .name = entry->pw_name, .groups = {}};
  const gid_t own = entry->pw_gid;
  std::vector<gid_t> groups(64);
  int count = static_cast<int>(groups.size());
  while (getgrouplist(user.name.c_str(), own, groups.data(), &count) < 0) {
    groups.resize(2 * groups.size());
    count = static_cast<int>(groups.size());
  }
  groups.resize(static_cast<size_t>(count));
  for (const gid_t group : groups) {
    if (const struct group* const named = getgrgid(group)) user.groups.emplace_back(named->gr_name);
  }
  return user;
}

bool IsFor(const Allowance& allowance, const NicUser& user) {
  if (!allowance.whose.starts_with('@')) return allowance.whose == user.name;
  return std::find(user.groups.begin(), user.groups.end(), allowance.whose.substr(1)) !=
         user.groups.end();
}

}  // namespace lxcspec::runtime
