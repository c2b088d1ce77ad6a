// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/cgroups.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/extensions/cgroup2.h"
#include "runtime/extensions/cgroup_relative.h"
#include "runtime/extensions/claims.h"
#include "runtime/kernel/clone.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

// How long to wait for the kernel to freeze, and for the dead to leave.
constexpr std::chrono::milliseconds kPatience{10'000};
// How many containers of one name may be told apart by a number.
constexpr int kMostNumbers = 1000;

constexpr mode_t kFolderMode = 0755;

// Ends a path that was made on the way to another, and that other containers may be below too.
constexpr char kOnTheWay[] = "/";

bool MayNotWrite(int code) { return code == EACCES || code == EPERM || code == EROFS; }

// The controllers for those below. One that cannot be enabled is missed only if it is used. A
// cgroup with processes of its own, that is not the root, can have some controllers, and then none
// below can have processes: cgroup-v2.rst, "No Internal Process Constraint" and "Threads".
void EnableControllers(const std::string& folder, int version) {
  const auto cgroup = version == 2 ? Cgroup::Open(folder, version) : Failure(ENOSYS, folder);
  if (!cgroup) return;
  const auto controllers = cgroup->Read("cgroup.controllers");
  const auto enabled = cgroup->Read("cgroup.subtree_control");
  if (!controllers || !enabled) return;
  const std::vector<std::string> there = Words(*enabled, " \n");
  std::vector<std::string> missing = Words(*controllers, " \n");
  std::erase_if(missing, [&](const std::string& controller) {
    return std::find(there.begin(), there.end(), controller) != there.end();
  });
  if (missing.empty()) return;
  const auto processes = cgroup->Processes();
  if (cgroup->Has("cgroup.type") && (!processes || !processes->empty())) return;
  for (const std::string& controller : missing) {
    static_cast<void>(cgroup->Write("cgroup.subtree_control", "+" + controller));
  }
}

bool HasController(const CgroupHierarchy& hierarchy, std::string_view controller) {
  const auto& all = hierarchy.controllers;
  return std::find(all.begin(), all.end(), controller) != all.end();
}

constexpr const char* kCpusetFiles[] = {"/cpuset.cpus", "/cpuset.mems"};

bool IsCpuset(const CgroupHierarchy& hierarchy) {
  return hierarchy.version == 1 && HasController(hierarchy, "cpuset");
}

// What a cpuset of version 1 has, file by file.
Result<Cpuset> ReadCpuset(const std::string& folder) {
  Cpuset cpuset;
  for (const char* file : kCpusetFiles) {
    auto text = ReadRecord(folder + file);
    // Mounted as `noprefix`, it has other names.
    if (!text && text.error().code == ENOENT) return Cpuset();
    if (!text) return Forward(std::move(text).error());
    cpuset.emplace_back(Trim(*text));
  }
  return cpuset;
}

// A new one takes no process until it has CPUs and memory: its parent's.
Status FillCpuset(const Cpuset& parents, const std::string& folder) {
  for (size_t i = 0; i < parents.size(); ++i) {
    TRY(WriteInto(AT_FDCWD, folder + kCpusetFiles[i], parents[i]));
  }
  return {};
}

void AwaitEnd(const UniqueFd& pidfd) {
  pollfd entry{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
  while (poll(&entry, 1, -1) < 0 && errno == EINTR) {
  }
}

}  // namespace

Status CgroupExtensionsCanBeHad(const Config& config) {
  const auto is_set = [&](std::string_view key) { return !config.Values(key).empty(); };
  const auto keys = config.InOrder("lxc.cgroup2");
  const auto is_device_key = [](const auto& item) {
    return item.first.starts_with("lxc.cgroup2.devices.");
  };
  const auto& words = config.Values("lxc.mount.auto");
  const std::pair<std::string_view, bool> uses[] = {
      {"cgroup2", !std::all_of(keys.begin(), keys.end(), is_device_key)},
      {"cgroup2_devices", std::any_of(keys.begin(), keys.end(), is_device_key)},
      {"cgroup2_auto_mounting",
       std::any_of(words.begin(), words.end(),
                   [](const std::string& word) { return word.starts_with("cgroup2"); })},
      {"cgroup_relative", config.Values("lxc.cgroup.relative") == std::vector<std::string>{"1"}},
      {"cgroup_advanced_isolation", is_set("lxc.cgroup.dir.monitor") ||
                                        is_set("lxc.cgroup.dir.container") ||
                                        is_set("lxc.cgroup.dir.container.inner")},
  };
  for (const auto& [extension, is_used] : uses) {
    if (!is_used || IsSwitchedOn(extension)) continue;
    return Failure(ENOSYS, fmt::format("{} is switched off", extension));
  }
  return {};
}

Result<ContainerCgroups> ContainerCgroups::Create(const CgroupPlacement& placement,
                                                  const Announce& announce,
                                                  const BeforeInner& before_inner) {
  ContainerCgroups cgroups;
  cgroups.placement_ = placement;
  cgroups.announce_ = announce;
  cgroups.before_inner_ = before_inner;
  auto bases = FindCgroupBases(placement.relative);
  if (!bases) return Forward(std::move(bases).error());
  cgroups.layout_ = bases->layout;
  for (CgroupBase& base : bases->all) {
    cgroups.places_.push_back(
        {.hierarchy = base.own, .before = base.own.folder, .base = std::move(base.folder)});
  }
  for (int number = 0; number < kMostNumbers; ++number) {
    const std::string suffix = number == 0 ? "" : fmt::format("-{}", number);
    Status made = cgroups.Announced(placement, suffix);
    if (made) made = cgroups.Make(placement, suffix);
    if (made) {
      cgroups.announce_ = nullptr;
      cgroups.before_inner_ = nullptr;
      return cgroups;
    }
    cgroups.Undo();
    if (made.error().code != EEXIST || !placement.numbered) return Forward(made.error());
  }
  return Failure(EEXIST, fmt::format("{}: too many of that name", placement.payload));
}

Status ContainerCgroups::Make(const CgroupPlacement& placement, const std::string& suffix) {
  for (Place& place : places_) {
    auto made = MakeIn(place, placement, suffix);
    if (made) continue;
    // Where nothing may be written, nothing is; a user without delegation has no cgroups at all.
    const bool left_out = MayNotWrite(made.error().code) && place.monitor.empty() && !place.payload;
    if (!left_out) return made;
  }
  return {};
}

Status ContainerCgroups::MakeIn(Place& place, const CgroupPlacement& placement,
                                const std::string& suffix) {
  const int version = place.hierarchy.version;
  EnableControllers(place.base, version);
  const auto cpuset = IsCpuset(place.hierarchy) ? ReadCpuset(place.base) : Cpuset();
  if (!cpuset) return Forward(cpuset.error());
  auto monitor = MakePath(version, place.base, placement.monitor + suffix, *cpuset);
  if (!monitor) return Forward(std::move(monitor).error());
  place.monitor = *std::move(monitor);
  const auto folder = MakePath(version, place.base, placement.payload + suffix, *cpuset);
  if (!folder) return Forward(folder.error());
  auto payload = Cgroup::Open(*folder, version);
  if (!payload) return Forward(std::move(payload).error());
  place.payload = *std::move(payload);
  if (placement.inner.empty()) return {};
  EnableControllers(*folder, version);
  if (before_inner_ && place.hierarchy.version == 1 && HasController(place.hierarchy, "devices")) {
    TRY(before_inner_(*place.payload, layout_));
  }
  auto made = place.payload->Make(placement.inner);
  if (!made) return Forward(std::move(made).error());
  made_.push_back(made->folder());
  const auto payloads = IsCpuset(place.hierarchy) ? ReadCpuset(*folder) : Cpuset();
  if (!payloads) return Forward(payloads.error());
  TRY(FillCpuset(*payloads, made->folder()));
  place.inner = *std::move(made);
  return {};
}

// The folder at a path below the base. The last one must be new; those on the way may be there.
Result<std::string> ContainerCgroups::MakePath(int version, const std::string& base,
                                               const std::string& path, Cpuset cpuset) {
  const std::vector<std::string> names = Words(path, "/");
  if (names.empty()) return Failure(EINVAL, fmt::format("\"{}\" names no cgroup", path));
  std::string folder = base;
  for (size_t i = 0; i < names.size(); ++i) {
    const bool is_last = i + 1 == names.size();
    if (i > 0) EnableControllers(folder, version);
    folder += "/" + names[i];
    if (mkdir(folder.c_str(), kFolderMode) == 0) {
      made_.push_back(folder + (is_last ? "" : kOnTheWay));
      TRY(FillCpuset(cpuset, folder));
    } else if (errno != EEXIST || is_last) {
      return ErrnoFailure(fmt::format("mkdir({})", folder));
    } else if (!cpuset.empty()) {
      auto there = ReadCpuset(folder);
      if (!there) return Forward(std::move(there).error());
      cpuset = *std::move(there);
    }
  }
  return folder;
}

Status ContainerCgroups::Announced(const CgroupPlacement& placement,
                                   const std::string& suffix) const {
  if (!announce_) return {};
  // They may turn out to be another container's: what is only on the way is never killed.
  std::vector<std::string> paths;
  for (const Place& place : places_) {
    const std::string inner = placement.inner.empty() ? "" : "/" + placement.inner;
    for (const std::string& path :
         {placement.monitor + suffix, placement.payload + suffix + inner}) {
      std::string at = place.base;
      for (const std::string& name : Words(path, "/")) {
        at += "/" + name;
        paths.push_back(at + kOnTheWay);
      }
    }
  }
  return announce_(paths);
}

void ContainerCgroups::Undo() {
  for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) rmdir(folder->c_str());
  made_.clear();
  for (Place& place : places_) {
    place.monitor.clear();
    place.payload.reset();
    place.inner.reset();
  }
}

Status ContainerCgroups::EnterMonitor(bool in_child) const {
  bool is_child = false;
  for (const Place& place : places_) {
    if (place.monitor.empty()) continue;
    const int version = place.hierarchy.version;
    if (in_child && version == 2) {
      const auto monitor = Cgroup::Open(place.monitor, version);
      if (!monitor) return Forward(monitor.error());
      is_child = bool(ContinueInChild(monitor->fd()));
      // A kernel, or a filter, may know nothing of it.
      if (is_child) continue;
    }
    TRY(EnterCgroup(place.monitor, version));
  }
  if (!in_child || is_child) return {};
  const auto child = ContinueInChild(-1);
  return child ? Status() : Forward(child.error());
}

int ContainerCgroups::PayloadFd() const {
  for (const Place& place : places_) {
    const Cgroup* inner = place.processes();
    if (place.hierarchy.version == 2 && inner != nullptr) return inner->fd();
  }
  return -1;
}

Status ContainerCgroups::AddPayload(pid_t process) const {
  for (const Place& place : places_) {
    const Cgroup* inner = place.processes();
    if (place.hierarchy.version == 2 && inner != nullptr) TRY(inner->Add(process));
  }
  return {};
}

Result<std::vector<UniqueFd>> ContainerCgroups::OpenPayload() const {
  std::vector<UniqueFd> files;
  for (const Place& place : places_) {
    const Cgroup* inner = place.processes();
    if (inner == nullptr || place.hierarchy.version == 2) continue;
    auto file = inner->OpenForOneself();
    if (!file) return Forward(std::move(file).error());
    files.push_back(*std::move(file));
  }
  return files;
}

Status ContainerCgroups::ApplyLimits(const Config& config) const {
  std::vector<const Cgroup*> payloads;
  for (const Place& place : places_) {
    if (place.payload) payloads.push_back(&*place.payload);
  }
  return runtime::ApplyLimits(config, layout_, payloads);
}

DevicePlaces ContainerCgroups::PlacesOfDevices() const {
  DevicePlaces found;
  for (const Place& place : places_) {
    if (!place.payload) continue;
    if (place.hierarchy.version == 2) found.second = &*place.payload;
    if (place.hierarchy.version != 1 || !HasController(place.hierarchy, "devices")) continue;
    found.first = &*place.payload;
    if (place.inner) found.first_inner = &*place.inner;
  }
  return found;
}

Status ContainerCgroups::ApplyDeviceRules(const Config& config) {
  return devices_.Apply(config, PlacesOfDevices(), layout_);
}

Status ContainerCgroups::Delegate(uid_t uid, gid_t gid) const {
  for (const Place& place : places_) {
    const Cgroup* inner = place.processes();
    if (inner == nullptr) continue;
    // cgroups(7), "Cgroups delegation": the folder, and the files that move processes.
    for (const char* file :
         {".", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control", "tasks"}) {
      if (fchownat(inner->fd(), file, uid, gid, 0) != 0 && errno != ENOENT) {
        return ErrnoFailure(fmt::format("chown({}/{})", inner->folder(), file));
      }
    }
  }
  return {};
}

Result<const Cgroup*> ContainerCgroups::Freezer() const {
  // Version 2 first: it is quicker, and there on hybrid machines too.
  for (int version : {2, 1}) {
    for (const Place& place : places_) {
      if (place.hierarchy.version != version || !place.payload) continue;
      if (place.payload->Has("cgroup.freeze") || place.payload->Has("freezer.state")) {
        return &*place.payload;
      }
    }
  }
  return Failure(ENOSYS, "no cgroup of the container can be frozen");
}

const ContainerCgroups::Place* ContainerCgroups::WithItem(const std::string& item) const {
  const bool plain = !item.empty() && item.find('/') == item.npos && item != "." && item != "..";
  for (const Place& place : places_) {
    if (plain && place.payload && place.payload->Has(item)) return &place;
  }
  return nullptr;
}

Result<std::string> ContainerCgroups::GetItem(const std::string& item) const {
  const Place* place = WithItem(item);
  if (place == nullptr) return Failure(ENOENT, fmt::format("no cgroup here has {}", item));
  return place->payload->Read(item);
}

Status ContainerCgroups::SetItem(const std::string& item, std::string_view value) {
  const DevicePlaces devices = PlacesOfDevices();
  if ((item == "devices.allow" || item == "devices.deny") && devices.second != nullptr) {
    return devices_.Add(item == "devices.allow", value, devices);
  }
  const Place* place = WithItem(item);
  if (place == nullptr) return Failure(ENOENT, fmt::format("no cgroup here has {}", item));
  return place->payload->Write(item, value);
}

Status ContainerCgroups::Kill() const {
  for (int version : {2, 1}) {
    for (const Place& place : places_) {
      if (place.hierarchy.version == version && place.payload) return place.payload->Kill();
    }
  }
  return {};
}

Status ContainerCgroups::Remove(bool may_be_child) {
  // Where the monitor goes is not removed: it is in there.
  const std::vector<std::string> paths = std::move(made_);
  made_.clear();
  for (const Place& place : places_) {
    if (place.monitor.empty()) continue;
    const std::string out = placement_.pivot.empty()
                                ? place.before
                                : fmt::format("{}/{}", place.base, placement_.pivot);
    auto there = Cgroup::Open(out, place.hierarchy.version);
    if (!there && !placement_.pivot.empty()) {
      const int version = place.hierarchy.version;
      EnableControllers(place.base, version);
      const auto cpuset = IsCpuset(place.hierarchy) ? ReadCpuset(place.base) : Cpuset();
      if (!cpuset) return Forward(cpuset.error());
      const auto pivot = MakePath(version, place.base, placement_.pivot, *cpuset);
      there = pivot ? Cgroup::Open(*pivot, version) : Forward(pivot.error());
    }
    // Where it came from may be gone meanwhile.
    if (!there) there = Cgroup::Open(place.base, place.hierarchy.version);
    if (!there) return Forward(there.error());
    // Nothing may be left in the monitor's when it is removed.
    const auto before =
        may_be_child && there->version() == 2 ? ContinueInChild(there->fd()) : Failure(ENOSYS, "");
    if (before) AwaitEnd(*before);
    if (!before) TRY(there->Add(0));
  }
  made_.clear();
  return RemoveAt(paths);
}

Status ContainerCgroups::RemoveAt(const std::vector<std::string>& paths) {
  Status result;
  for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
    if (rmdir(path->c_str()) == 0 || errno == ENOENT || path->ends_with(kOnTheWay)) continue;
    const bool second = access((*path + "/cgroup.events").c_str(), F_OK) == 0;
    const auto cgroup = Cgroup::Open(*path, second ? 2 : 1);
    if (cgroup) static_cast<void>(cgroup->Kill());
    auto removed = RemoveCgroup(*path, kPatience);
    if (!removed && result) result = std::move(removed);
  }
  return result;
}

}  // namespace lxcspec::runtime
