// SPDX-License-Identifier: Apache-2.0

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/api/handle.h"
#include "runtime/api/members.h"
#include "runtime/container/storage/clone.h"
#include "runtime/container/storage/create.h"
#include "runtime/container/storage/destroy.h"
#include "runtime/container/storage/snapshots.h"
#include "runtime/container/system_config.h"

namespace lxcspec::runtime {
namespace {

constexpr int kCreateQuiet = 1 << 0;
constexpr int kCloneKeepName = 1 << 0;
constexpr int kCloneKeepHardwareAddresses = 1 << 1;
constexpr int kCloneSnapshot = 1 << 2;
constexpr int kCloneAllowRunning = 1 << 6;

// Runs a function on a client's container under its lock, and records its failure.
template <typename Function>
auto Do(abi::Container* client, const char* call, Function function)
    -> decltype(function(std::declval<Container&>())) {
  if (client == nullptr) {
    errno = EINVAL;
    return Failure(EINVAL, "the container is NULL");
  }
  Handle& handle = Handle::Of(client);
  const std::lock_guard lock(handle.mutex());
  auto done = function(handle.container());
  if (done)
    handle.Trace(call);
  else
    handle.Complain(done.error());
  return done;
}

Status NeedsName(const char* name) {
  if (name == nullptr) return Failure(EINVAL, "the name is NULL");
  return {};
}

std::vector<std::string> Texts(const char* const* list) {
  std::vector<std::string> texts;
  for (; list != nullptr && *list != nullptr; ++list) texts.emplace_back(*list);
  return texts;
}

bool CreateWith(abi::Container* client, const char* template_name, const char* type,
                const abi::BackingStoreSpecs* specs, int flags,
                std::vector<std::string> arguments) {
  CreateRequest request{.template_name = Maybe(template_name),
                        .backing = type != nullptr ? type : "dir",
                        .directory = std::nullopt,
                        .arguments = std::move(arguments),
                        .quiet = (flags & kCreateQuiet) != 0,
                        .default_config = SystemConfigItem("lxc.default_config").value_or("")};
  if (specs != nullptr) request.directory = Maybe(specs->dir);
  return Do(client, "create", [&](Container& container) { return Create(container, request); })
      .has_value();
}

bool CreateMember(abi::Container* client, const char* template_name, const char* type,
                  abi::BackingStoreSpecs* specs, int flags, char* const argv[]) {
  return CreateWith(client, template_name, type, specs, flags, Texts(argv));
}

bool CreateWithList(abi::Container* client, const char* template_name, const char* type,
                    abi::BackingStoreSpecs* specs, int flags, ...) {
  std::vector<std::string> arguments;
  va_list list;
  va_start(list, flags);
  while (const char* argument = va_arg(list, const char*)) arguments.emplace_back(argument);
  va_end(list);
  return CreateWith(client, template_name, type, specs, flags, std::move(arguments));
}

bool DestroyMember(abi::Container* client) {
  return Do(client, "destroy",
            [](Container& container) { return Destroy(container, SnapshotPolicy::kRefuse); })
      .has_value();
}

bool DestroyWithSnapshots(abi::Container* client) {
  return Do(client, "destroy_with_snapshots",
            [](Container& container) { return Destroy(container, SnapshotPolicy::kDestroy); })
      .has_value();
}

bool RenameMember(abi::Container* client, const char* name) {
  return Do(client, "rename",
            [&](Container& container) -> Status {
              TRY(NeedsName(name));
              return Rename(container, name);
            })
      .has_value();
}

abi::Container* CloneMember(abi::Container* client, const char* name, const char* lxcpath,
                            int flags, const char* type, const char*, uint64_t,
                            char** hook_arguments) {
  auto made = Do(client, "clone", [&](Container& container) {
    return Clone(container, {.name = Maybe(name),
                             .lxcpath = Maybe(lxcpath),
                             .keep_name = (flags & kCloneKeepName) != 0,
                             .keep_hardware_addresses = (flags & kCloneKeepHardwareAddresses) != 0,
                             .snapshot = (flags & kCloneSnapshot) != 0,
                             .allow_running = (flags & kCloneAllowRunning) != 0,
                             .backing = type != nullptr ? type : "",
                             .hook_arguments = Texts(hook_arguments)});
  });
  return made ? Handle::Create(*std::move(made)) : nullptr;
}

int SnapshotMember(abi::Container* client, const char* comment_file) {
  const auto number = Do(client, "snapshot", [&](Container& container) {
    return TakeSnapshot(container, Maybe(comment_file));
  });
  return number.value_or(-1);
}

void FreeSnapshot(abi::Snapshot* snapshot) {
  for (char* text :
       {snapshot->name, snapshot->comment_pathname, snapshot->timestamp, snapshot->lxcpath}) {
    free(text);
  }
}

int SnapshotList(abi::Container* client, abi::Snapshot** snapshots) {
  if (snapshots == nullptr) {
    errno = EINVAL;
    return -1;
  }
  const auto listed =
      Do(client, "snapshot_list", [](Container& container) { return ListSnapshots(container); });
  if (!listed) return -1;
  if (listed->empty()) return 0;
  auto* array = static_cast<abi::Snapshot*>(calloc(listed->size(), sizeof(abi::Snapshot)));
  if (array == nullptr) return -1;
  for (size_t at = 0; at < listed->size(); ++at) {
    const SnapshotInfo& info = (*listed)[at];
    array[at] = {.name = Copy(info.name),
                 .comment_pathname = Copy(info.comment_file),
                 .timestamp = info.timestamp.empty() ? nullptr : Copy(info.timestamp),
                 .lxcpath = Copy(info.lxcpath),
                 .free = FreeSnapshot};
  }
  *snapshots = array;
  return static_cast<int>(listed->size());
}

bool SnapshotRestore(abi::Container* client, const char* snapshot, const char* name) {
  return Do(client, "snapshot_restore",
            [&](Container& container) -> Status {
              TRY(NeedsName(snapshot));
              TRY(NeedsName(name));
              return RestoreSnapshot(container, snapshot, name);
            })
      .has_value();
}

bool SnapshotDestroy(abi::Container* client, const char* snapshot) {
  return Do(client, "snapshot_destroy",
            [&](Container& container) -> Status {
              TRY(NeedsName(snapshot));
              // What the lxc-snapshot tool says for all of them.
              if (std::string(snapshot) == "ALL") return DestroyAllSnapshots(container);
              return DestroySnapshot(container, snapshot);
            })
      .has_value();
}

bool SnapshotDestroyAll(abi::Container* client) {
  return Do(client, "snapshot_destroy_all",
            [](Container& container) { return DestroyAllSnapshots(container); })
      .has_value();
}

}  // namespace

void SetStorageMembers(abi::Container& members) {
  members.create = CreateMember;
  members.createl = CreateWithList;
  members.destroy = DestroyMember;
  members.destroy_with_snapshots = DestroyWithSnapshots;
  members.rename = RenameMember;
  members.clone = CloneMember;
  members.snapshot = SnapshotMember;
  members.snapshot_list = SnapshotList;
  members.snapshot_restore = SnapshotRestore;
  members.snapshot_destroy = SnapshotDestroy;
  members.snapshot_destroy_all = SnapshotDestroyAll;
}

}  // namespace lxcspec::runtime
