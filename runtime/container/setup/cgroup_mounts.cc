// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/setup/cgroup_mounts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <sstream>

#include "runtime/base/text.h"
#include "runtime/extensions/cgroup2_auto_mounting.h"
#include "runtime/kernel/mount.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

constexpr unsigned long kHarmless = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME;
constexpr mode_t kFolderMode = 0755;
constexpr const char* kTarget = "sys/fs/cgroup";

std::string NameOf(const HostHierarchy& hierarchy) {
  return hierarchy.mount_point.substr(hierarchy.mount_point.rfind('/') + 1);
}

// `/a/b` as `a/b`, and `/` as `.`.
std::string Relative(std::string_view path) {
  const size_t first = path.find_first_not_of('/');
  return first == path.npos ? "." : std::string(path.substr(first));
}

// The host's folder of this process's cgroup.
std::string OwnFolder(const HostHierarchy& hierarchy) {
  return fmt::format("{}/{}", hierarchy.mount_point, Relative(hierarchy.path));
}

// Whether a mount shows a whole hierarchy: in a cgroup namespace that is told as the way up.
bool IsWhole(std::string_view root) {
  const std::vector<std::string> parts = Words(root, "/");
  return std::all_of(parts.begin(), parts.end(),
                     [](const std::string& part) { return part == ".."; });
}

std::set<std::string> SetOf(std::string_view words) {
  const std::vector<std::string> parts = Words(words, ",");
  return {parts.begin(), parts.end()};
}

// One mounted hierarchy: where, its type and the options of its file system.
struct MountedCgroup {
  std::string mount_point;
  std::string type;
  std::set<std::string> options;
};

std::vector<MountedCgroup> MountedCgroups(std::string_view mountinfo, std::string_view except) {
  constexpr size_t kRoot = 3;
  constexpr size_t kPoint = 4;
  std::vector<MountedCgroup> mounted;
  std::istringstream lines{std::string(mountinfo)};
  for (std::string line; std::getline(lines, line);) {
    const size_t separator = line.find(" - ");
    if (separator == line.npos) continue;
    const std::vector<std::string> place = Words(line.substr(0, separator), " ");
    const std::vector<std::string> what = Words(line.substr(separator + 3), " ");
    if (place.size() <= kPoint || what.size() < 3 || !IsWhole(place[kRoot])) continue;
    if (what[0] != "cgroup" && what[0] != "cgroup2") continue;
    const std::string point = UnescapeOctal(place[kPoint]);
    const bool inside = point.starts_with(std::string(except) + "/");
    if (!except.empty() && except != "/" && inside) continue;
    mounted.push_back({.mount_point = point, .type = what[0], .options = SetOf(what[2])});
  }
  return mounted;
}

bool IsOf(const MountedCgroup& mounted, const std::string& controllers) {
  if (controllers.empty()) return mounted.type == "cgroup2";
  if (mounted.type != "cgroup") return false;
  const std::set<std::string> wanted = SetOf(controllers);
  return std::includes(mounted.options.begin(), mounted.options.end(), wanted.begin(),
                       wanted.end());
}

class CgroupMounter {
 public:
  CgroupMounter(const SetupPlan& plan, int root) : plan_(plan), root_(root) {}

  Status Mount() {
    const CgroupMount kind = plan_.automounts.cgroup;
    own_namespace_ = (plan_.namespaces & CLONE_NEWCGROUP) != 0;
    if (kind == CgroupMount::kNone) return {};
    TRY(Find());
    const HostHierarchy* unified = Unified();
    const bool pure = unified != nullptr && hierarchies_.size() == 1;
    const bool forced = plan_.automounts.cgroup_force || pure || !plan_.keeps(CAP_SYS_ADMIN);
    if (own_namespace_ && !forced) return {};
    const auto target = OpenInRoot(root_, kTarget, O_PATH | O_DIRECTORY);
    if (!target) return Forward(target.error());
    if (kind == CgroupMount::kUnified) {
      return MountCgroup2(target->get(), {.read_only = read_only()}, unified != nullptr,
                          own_namespace_);
    }
    if (pure) return MountOne(*unified, target->get());
    return MountEach(target->get());
  }

 private:
  Status Find() {
    const auto mountinfo = ReadWhole("/proc/self/mountinfo");
    if (!mountinfo) return Forward(mountinfo.error());
    const auto cgroups = ReadWhole("/proc/self/cgroup");
    if (!cgroups) return Forward(cgroups.error());
    hierarchies_ = FindHostHierarchies(*mountinfo, *cgroups, plan_.rootfs.mount_point);
    return {};
  }

  const HostHierarchy* Unified() const {
    const auto found =
        std::find_if(hierarchies_.begin(), hierarchies_.end(),
                     [](const HostHierarchy& one) { return one.controllers.empty(); });
    return found != hierarchies_.end() ? &*found : nullptr;
  }

  bool read_only() const { return plan_.automounts.cgroup_mode == AutoMode::kReadOnly; }
  bool mixed() const { return plan_.automounts.cgroup_mode == AutoMode::kMixed; }

  // A folder for each hierarchy, in a small file system that stays writable.
  Status MountEach(int target) {
    const auto tmpfs = NewMount(
        {.type = "tmpfs", .source = "none", .flags = kHarmless, .data = "size=10240k,mode=755"});
    if (!tmpfs) return Forward(tmpfs.error());
    TRY(AttachMount(tmpfs->get(), target));
    for (const HostHierarchy& hierarchy : hierarchies_) {
      const std::string name = NameOf(hierarchy);
      const auto folder = MakeFolderInRoot(tmpfs->get(), name, kFolderMode);
      if (!folder) return Forward(folder.error());
      TRY(MountOne(hierarchy, folder->get()));
      // `cpu` for `cpu,cpuacct`, as hosts have it.
      const std::vector<std::string> single = Words(hierarchy.controllers, ",");
      for (const std::string& controller : single) {
        if (single.size() < 2 || controller.find('=') != controller.npos) continue;
        if (symlinkat(name.c_str(), tmpfs->get(), controller.c_str()) != 0 && errno != EEXIST) {
          return ErrnoFailure(fmt::format("link {} to {}", controller, name));
        }
      }
    }
    return {};
  }

  Status MountOne(const HostHierarchy& hierarchy, int target) {
    if (own_namespace_) return MountOfNamespace(hierarchy, target);
    if (plan_.automounts.cgroup == CgroupMount::kFull) return BindAll(hierarchy, target);
    return BindOwn(hierarchy, target);
  }

  // Its root is the container's own cgroup.
  Status MountOfNamespace(const HostHierarchy& hierarchy, int target) {
    if (hierarchy.controllers.empty()) {
      return MountCgroup2(target, {.read_only = read_only()}, true, true);
    }
    const auto tree = NewMount(
        {.type = "cgroup", .source = "cgroup", .flags = kHarmless, .data = hierarchy.controllers});
    if (!tree) return Forward(tree.error());
    TRY(AttachMount(tree->get(), target));
    return read_only() ? AddMountFlags(tree->get(), MS_RDONLY, false) : Status();
  }

  Status BindAll(const HostHierarchy& hierarchy, int target) {
    const auto tree = CloneTree(AT_FDCWD, hierarchy.mount_point, false);
    if (!tree) return Forward(tree.error());
    const auto own = CloneTree(AT_FDCWD, OwnFolder(hierarchy), false);
    if (!own) return Forward(own.error());
    TRY(AttachMount(tree->get(), target));
    if (!read_only() && !mixed()) return {};
    TRY(AddMountFlags(tree->get(), MS_RDONLY, false));
    if (!mixed()) return {};
    const auto place = OpenInRoot(tree->get(), Relative(hierarchy.path), O_PATH | O_DIRECTORY);
    if (!place) return Forward(place.error());
    return AttachMount(own->get(), place->get());
  }

  // The way to the container's cgroup is made of folders that are none.
  Status BindOwn(const HostHierarchy& hierarchy, int target) {
    const auto own = CloneTree(AT_FDCWD, OwnFolder(hierarchy), false);
    if (!own) return Forward(own.error());
    if (hierarchy.controllers.empty() && hierarchies_.size() == 1) {
      TRY(AttachMount(own->get(), target));
      return read_only() ? AddMountFlags(own->get(), MS_RDONLY, false) : Status();
    }
    const auto place = MakeFolderInRoot(target, Relative(hierarchy.path), kFolderMode);
    if (!place) return Forward(place.error());
    if (!read_only() && !mixed()) return AttachMount(own->get(), place->get());

    const auto way = CloneTree(target, "", false);
    if (!way) return Forward(way.error());
    TRY(AttachMount(way->get(), target));
    TRY(AddMountFlags(way->get(), MS_RDONLY, false));
    const auto covered = OpenInRoot(way->get(), Relative(hierarchy.path), O_PATH | O_DIRECTORY);
    if (!covered) return Forward(covered.error());
    TRY(AttachMount(own->get(), covered->get()));
    return read_only() ? AddMountFlags(own->get(), MS_RDONLY, false) : Status();
  }

  const SetupPlan& plan_;
  const int root_;
  bool own_namespace_ = false;
  std::vector<HostHierarchy> hierarchies_;
};

}  // namespace

std::vector<HostHierarchy> FindHostHierarchies(std::string_view mountinfo, std::string_view cgroups,
                                               std::string_view except) {
  const std::vector<MountedCgroup> mounted = MountedCgroups(mountinfo, except);
  std::vector<HostHierarchy> hierarchies;
  std::istringstream lines{std::string(cgroups)};
  for (std::string line; std::getline(lines, line);) {
    // <id>:<controllers>:<path>
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == line.npos || second == line.npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const auto found = std::find_if(mounted.begin(), mounted.end(),
                                    [&](const auto& one) { return IsOf(one, controllers); });
    if (found == mounted.end()) continue;
    hierarchies.push_back({.mount_point = found->mount_point,
                           .controllers = controllers,
                           .path = line.substr(second + 1)});
  }
  return hierarchies;
}

Status MountCgroups(const SetupPlan& plan, int root) {
  const Status done = CgroupMounter(plan, root).Mount();
  if (done) return done;
  return Failure(done.error().code,
                 fmt::format("lxc.mount.auto: cgroup: {}", done.error().attempted));
}

}  // namespace lxcspec::runtime
