// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/audit.h"

#include <net/if.h>

#include <string>
#include <string_view>

#include "conformance/launcher/directory.h"
#include "conformance/launcher/file_io.h"
#include "conformance/launcher/mount_table.h"
#include "conformance/launcher/private_dirs.h"
#include "conformance/launcher/strings.h"

namespace lxcspec::launcher {
namespace {

constexpr size_t kMostEntries = 10000;

void AddMounts(Snapshot& snapshot) {
  const auto mounts = ReadMountInfo();
  if (!mounts) return;
  for (const Mount& mount : *mounts)
    ++snapshot[{"mount", mount.fs_type + " on " + mount.mount_point}];
}

void AddCgroups(const CgroupLayout& layout, Snapshot& snapshot) {
  for (const CgroupMount& mount : layout.mounts) {
    std::vector<std::string> pending = {""};
    while (!pending.empty() && snapshot.size() < kMostEntries) {
      const std::string cgroup = std::move(pending.back());
      pending.pop_back();
      for (const std::string& child : ListDirectories(mount.mount_point + "/" + cgroup)) {
        const std::string path = cgroup.empty() ? child : cgroup + "/" + child;
        // The same name in several hierarchies is one thing left behind.
        snapshot[{"cgroup", path}] = 1;
        pending.push_back(path);
      }
    }
  }
}

void AddNetworkDevices(Snapshot& snapshot) {
  struct if_nameindex* devices = if_nameindex();
  if (devices == nullptr) return;
  for (auto* device = devices; device->if_index != 0; ++device) {
    ++snapshot[{"netdev", device->if_name}];
  }
  if_freenameindex(devices);
}

void AddFiles(Snapshot& snapshot) {
  for (const std::string& directory : PrivateDirectories()) {
    for (const std::string& path : ListTree(directory, kMostEntries)) {
      ++snapshot[{"file", directory + "/" + path}];
    }
  }
}

// The title that a process gave itself (`[lxc monitor] …`), else the name of its program: arguments
// hold paths that differ from machine to machine.
std::string NameOfProcess(const std::string& directory) {
  if (const auto title = ReadFile(directory + "/cmdline"); title && title->starts_with('[')) {
    return title->substr(0, title->find('\0'));
  }
  const auto name = ReadFile(directory + "/comm");
  return name ? std::string(Trim(*name)) : std::string();
}

}  // namespace

Snapshot TakeSnapshot(const CgroupLayout& layout) {
  Snapshot snapshot;
  AddMounts(snapshot);
  AddCgroups(layout, snapshot);
  AddNetworkDevices(snapshot);
  AddFiles(snapshot);
  return snapshot;
}

std::vector<Leak> Difference(const Snapshot& before, const Snapshot& after) {
  std::vector<Leak> more;
  bool mounts_gone = false;
  for (const auto& [thing, count] : before) {
    const auto now = after.find(thing);
    if (thing.leak_class != "mount" || (now != after.end() && now->second >= count)) continue;
    mounts_gone = true;
    more.push_back({"mount", "gone: " + thing.what});
  }
  for (const auto& [thing, count] : after) {
    // What unmounting brought to light was there before.
    if (mounts_gone && (thing.leak_class == "file" || thing.leak_class == "cgroup")) continue;
    const auto old = before.find(thing);
    if (old == before.end() || old->second < count) more.push_back(thing);
  }
  return more;
}

std::vector<Leak> RunningProcesses() {
  std::vector<Leak> running;
  for (const std::string& name : ListDirectories("/proc")) {
    if (name.find_first_not_of("0123456789") != std::string::npos || name == "1") continue;
    std::string title = NameOfProcess("/proc/" + name);
    if (!title.empty()) running.push_back({"process", std::move(title)});
  }
  return running;
}

}  // namespace lxcspec::launcher
