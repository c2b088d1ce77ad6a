// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/storage/snapshots.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/container/listing.h"
#include "runtime/container/storage/clone.h"
#include "runtime/container/storage/dependants.h"
#include "runtime/container/storage/destroy.h"
#include "runtime/container/storage/marker.h"
#include "runtime/container/storage/relocate.h"
#include "runtime/container/storage/small_file.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "snap";
constexpr char kTimestampFile[] = "ts";
constexpr char kCommentFile[] = "comment";

// The number in snap<n>; others sort behind.
uint64_t NumberOf(const std::string& name) {
  if (!name.starts_with(kPrefix)) return UINT64_MAX;
  return ParseUnsigned(name.substr(kPrefix.size())).value_or(UINT64_MAX);
}

// The lowest number that is free.
int FreeNumber(const std::string& path) {
  int number = 0;
  while (access(fmt::format("{}/{}{}", path, kPrefix, number).c_str(), F_OK) == 0) ++number;
  return number;
}

Status Describe(const std::string& folder, const std::optional<std::string>& comment_file) {
  const time_t now = time(nullptr);
  struct tm local = {};
  localtime_r(&now, &local);
  TRY(WriteSmallFile(fmt::format("{}/{}", folder, kTimestampFile),
                     fmt::format("{:%Y:%m:%d %H:%M:%S}", local)));
  if (!comment_file) return {};
  auto comment = ReadSmallFile(*comment_file);
  if (!comment) return Forward(std::move(comment).error());
  return WriteSmallFile(fmt::format("{}/{}", folder, kCommentFile), *comment);
}

Result<Container> OpenSnapshot(const Container& container, const std::string& snapshot) {
  auto opened = Container::Open(snapshot, SnapshotsPath(container));
  if (!opened) return Forward(std::move(opened).error());
  if (!opened->IsDefined()) {
    return Failure(ENOENT, fmt::format("{} has no snapshot \"{}\"", container.name(), snapshot));
  }
  return opened;
}

// Puts what a container's folder has into another one's, which has nothing but snapshots.
Status MoveInto(const Place& from, const Place& to) {
  auto source = Container::Open(from.name, from.lxcpath);
  if (!source) return Forward(std::move(source).error());
  auto target = Container::Open(to.name, to.lxcpath);
  if (!target) return Forward(std::move(target).error());
  auto origins = ReadOrigins(from);
  if (!origins) return Forward(std::move(origins).error());
  target->config() = source->config();
  TRY(MovePaths(from.ToString(), to.ToString(), target->config()));
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(from.ToString(), error)) {
    if (entry.path().filename() == "config") continue;
    fs::rename(entry.path(), fs::path(to.ToString()) / entry.path().filename(), error);
    if (error) break;
  }
  if (error) return Failure(error.value(), fmt::format("move({})", from.ToString()));
  TRY(target->Save(std::nullopt));
  unlink(source->ConfigFile().c_str());
  rmdir(from.ToString().c_str());
  for (const Place& origin : *origins) {
    TRY(AddDependant(origin, to));
    TRY(RemoveDependant(origin, from));
  }
  return {};
}

}  // namespace

std::string SnapshotsPath(const Container& container) {
  return fmt::format("{}/{}/{}", container.lxcpath(), container.name(), kSnapshotsFolder);
}

Result<int> TakeSnapshot(const Container& container,
                         const std::optional<std::string>& comment_file) {
  const std::string path = SnapshotsPath(container);
  const int number = FreeNumber(path);
  const std::string name = fmt::format("{}{}", kPrefix, number);
  auto snapshot = Clone(container, {.name = name,
                                    .lxcpath = path,
                                    .keep_name = true,
                                    .keep_hardware_addresses = true,
                                    .backing = "",
                                    .hook_arguments = {}});
  if (!snapshot) {
    // The folder of the first one.
    rmdir(path.c_str());
    return Forward(std::move(snapshot).error());
  }
  auto described = Describe(fmt::format("{}/{}", path, name), comment_file);
  if (described) return number;
  static_cast<void>(Destroy(*snapshot, SnapshotPolicy::kRefuse));
  rmdir(path.c_str());
  return Forward(std::move(described).error());
}

Result<std::vector<SnapshotInfo>> ListSnapshots(const Container& container) {
  const std::string path = SnapshotsPath(container);
  auto names = DefinedContainers(path);
  if (!names && names.error().code == ENOENT) return std::vector<SnapshotInfo>();
  if (!names) return Forward(std::move(names).error());
  std::stable_sort(names->begin(), names->end(), [](const auto& left, const auto& right) {
    return NumberOf(left) < NumberOf(right);
  });
  std::vector<SnapshotInfo> snapshots;
  for (const std::string& name : *names) {
    const std::string folder = fmt::format("{}/{}", path, name);
    snapshots.push_back(
        {.name = name,
         .comment_file = fmt::format("{}/{}", folder, kCommentFile),
         .timestamp = std::string(
             Trim(ReadSmallFile(fmt::format("{}/{}", folder, kTimestampFile)).value_or(""))),
         .lxcpath = path});
  }
  return snapshots;
}

Status RestoreSnapshot(const Container& container, const std::string& snapshot,
                       const std::string& name) {
  auto source = OpenSnapshot(container, snapshot);
  if (!source) return Forward(std::move(source).error());
  const bool replaces = name == container.name();
  const Place place{.lxcpath = container.lxcpath(), .name = name};
  if (replaces && IsActive(place)) {
    return Failure(EBUSY, fmt::format("restore: {} is running", name));
  }
  if (replaces && HasDependants(place)) {
    return Failure(EBUSY,
                   fmt::format("restore: {} has clones that use its root file system", name));
  }
  // The original goes only when its replacement is complete.
  const std::string made_name = replaces ? fmt::format("{}.{}", name, snapshot) : name;
  auto made = Clone(*source, {.name = made_name,
                              .lxcpath = container.lxcpath(),
                              .keep_name = replaces,
                              .keep_hardware_addresses = replaces,
                              .backing = "",
                              .hook_arguments = {}});
  if (!made) return Forward(std::move(made).error());
  const Place temporary{.lxcpath = container.lxcpath(), .name = made_name};
  if (!replaces) return {};
  if (auto gone = DestroyButSnapshots(container); !gone) {
    static_cast<void>(Destroy(*made, SnapshotPolicy::kRefuse));
    return gone;
  }
  return MoveInto(temporary, place);
}

Status DestroySnapshot(const Container& container, const std::string& snapshot) {
  auto opened = OpenSnapshot(container, snapshot);
  if (!opened) return Forward(std::move(opened).error());
  TRY(Destroy(*opened, SnapshotPolicy::kRefuse));
  // Gone with the last one.
  rmdir(SnapshotsPath(container).c_str());
  return {};
}

Status DestroyAllSnapshots(const Container& container) {
  auto snapshots = ListSnapshots(container);
  if (!snapshots) return Forward(std::move(snapshots).error());
  for (const SnapshotInfo& snapshot : *snapshots) TRY(DestroySnapshot(container, snapshot.name));
  return {};
}

}  // namespace lxcspec::runtime
