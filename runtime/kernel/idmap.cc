// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/idmap.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/text.h"
#include "runtime/base/unique_fd.h"
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

// What a helper printed, until it closed its end.
std::string ReadAll(int pipe) {
  std::string text;
  std::array<char, 512> chunk;
  while (true) {
    const ssize_t count = read(pipe, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::string(Trim(text));
    text.append(chunk.data(), static_cast<size_t>(count));
  }
}

Status RunMapHelper(const char* helper, pid_t process, const std::vector<IdRange>& ranges) {
  std::vector<std::string> words = {helper, fmt::format("{}", process)};
  for (const IdRange& range : ranges) {
    words.push_back(fmt::format("{}", range.inside));
    words.push_back(fmt::format("{}", range.outside));
    words.push_back(fmt::format("{}", range.count));
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return ErrnoFailure("pipe2");
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, writer.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, writer.get(), STDERR_FILENO);
  pid_t child = -1;
  const int error = posix_spawnp(&child, helper, &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  writer = UniqueFd();
  if (error != 0) return Failure(error, fmt::format("{} (package uidmap)", helper));

  const std::string printed = ReadAll(reader.get());
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return ErrnoFailure(fmt::format("wait for {}", helper));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return Failure(EPERM, fmt::format("{}: {} (is the range in /etc/sub{}id?)", fmt::join(words, " "),
                                    printed, std::string_view(helper).substr(3, 1)));
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
