// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/idmap.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/unique_fd.h"
#include "runtime/kernel/helper_program.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

std::vector<IdRange> RangesOf(std::span<const IdRange> maps, IdKind kind) {
  std::vector<IdRange> ranges;
  for (const IdRange& range : maps) {
    if (range.kind == kind) ranges.push_back(range);
  }
  return ranges;
}

Status WriteMapItself(int process_folder, IdKind kind, const std::vector<IdRange>& ranges) {
  std::string lines;
  for (const IdRange& range : ranges) {
    lines += fmt::format("{} {} {}\n", range.inside, range.outside, range.count);
  }
  return WriteInto(process_folder, kind == IdKind::kUser ? "uid_map" : "gid_map", lines);
}

Status RunMapHelper(const char* helper, pid_t process, const std::vector<IdRange>& ranges) {
  std::vector<std::string> words = {helper, fmt::format("{}", process)};
  for (const IdRange& range : ranges) {
    words.push_back(fmt::format("{}", range.inside));
    words.push_back(fmt::format("{}", range.outside));
    words.push_back(fmt::format("{}", range.count));
  }
  const auto done = RunHelper(std::move(words));
  if (done) return {};
  if (done.error().code != EPERM) {
    return Failure(done.error().code, fmt::format("{} (package uidmap)", done.error().attempted));
  }
  return Failure(EPERM, fmt::format("{} (is the range in /etc/sub{}id?)", done.error().attempted,
                                    std::string_view(helper).substr(3, 1)));
}

// What the kernel lets an unprivileged process map: its own id alone.
bool IsOwnIdAlone(const std::vector<IdRange>& ranges, uint32_t own) {
  return ranges.size() == 1 && ranges[0].outside == own && ranges[0].count == 1;
}

}  // namespace

Status WriteIdMaps(pid_t process, std::span<const IdRange> maps) {
  const std::vector<IdRange> users = RangesOf(maps, IdKind::kUser);
  const std::vector<IdRange> groups = RangesOf(maps, IdKind::kGroup);
  if (users.empty() || groups.empty()) {
    return Failure(EINVAL, "lxc.idmap: a user namespace needs a range of users and one of groups");
  }
  auto folder = Open(fmt::format("/proc/{}", process), O_PATH | O_DIRECTORY);
  if (!folder) return Forward(std::move(folder).error());
  const bool root = geteuid() == 0;

  // Groups first: newgidmap and the kernel both look at setgroups.
  if (root) {
    TRY(WriteMapItself(folder->get(), IdKind::kGroup, groups));
  } else if (IsOwnIdAlone(groups, getegid())) {
    // The kernel's condition for it, so that no negative group entry can be dropped.
    TRY(WriteInto(folder->get(), "setgroups", "deny"));
    TRY(WriteMapItself(folder->get(), IdKind::kGroup, groups));
  } else {
    TRY(RunMapHelper("newgidmap", process, groups));
  }
  if (root || IsOwnIdAlone(users, geteuid())) {
    return WriteMapItself(folder->get(), IdKind::kUser, users);
  }
  return RunMapHelper("newuidmap", process, users);
}

std::optional<uint32_t> OutsideId(std::span<const IdRange> maps, IdKind kind, uint32_t inside) {
  const auto found = std::find_if(maps.begin(), maps.end(), [&](const IdRange& range) {
    return range.kind == kind && inside >= range.inside && inside - range.inside < range.count;
  });
  if (found == maps.end()) return std::nullopt;
  return found->outside + (inside - found->inside);
}

}  // namespace lxcspec::runtime
