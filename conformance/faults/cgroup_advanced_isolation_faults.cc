// SPDX-License-Identifier: Apache-2.0

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "conformance/faults/cgroup_ways.h"

namespace lxcspec::faults {
namespace {

constexpr char kDir[] = "lxc.cgroup.dir";
constexpr char kMonitor[] = "lxc.cgroup.dir.monitor";
constexpr char kContainer[] = "lxc.cgroup.dir.container";
constexpr char kInner[] = "lxc.cgroup.dir.container.inner";

Changes Nowhere() { return {{kDir, ""}, {kMonitor, ""}, {kContainer, ""}, {kInner, ""}}; }

// A start that fails is tried again without any place.
void StartsAnywhere(Broken& broken) {
  StartsOtherwise<[](abi::Container*) { return Nowhere(); }>(broken);
}

// The limit that is configured, whichever it is.
std::string LimitKey(abi::Container* c) {
  for (const char* key :
       {"lxc.cgroup2.pids.max", "lxc.cgroup.pids.max", "lxc.cgroup2.memory.max",
        "lxc.cgroup.memory.limit_in_bytes", "lxc.cgroup2.cpu.max", "lxc.cgroup.cpu.cfs_quota_us"}) {
    if (!Item(c, key).empty()) return key;
  }
  return "";
}

// What is limited is the inner cgroup.
void LimitsInner(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const std::string key = LimitKey(c);
    if (key.empty() || Item(c, kInner).empty()) return Original().start(c, use_init, argv);
    std::string limit = Item(c, key.c_str());
    while (limit.ends_with('\n')) limit.pop_back();
    const bool started = StartWith(c, use_init, argv, key.c_str(), "");
    const std::string file = key.substr(key.find('.', sizeof("lxc.")) + 1);
    if (started) SetItemOfInit(c, file.c_str(), limit.c_str());
    return started;
  };
}

// The inner cgroup is entered when the namespace has been made.
void MakesNamespaceAbove(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const std::string inner = Item(c, kInner);
    if (!StartWith(c, use_init, argv, kInner, "")) return false;
    if (inner.empty()) return true;
    const pid_t init = InitOf(c);
    const auto paths = CgroupsOf(init);
    if (!paths) return true;
    for (const auto& [hierarchy, path] : *paths) {
      mkdir((FolderOf(init, hierarchy) + "/" + inner).c_str(), 0755);
      Move(init, hierarchy, path + "/" + inner);
    }
    return true;
  };
}

// The folders of the configured container's cgroup.
std::vector<std::string> ContainerFolders(abi::Container* c) {
  std::vector<std::string> folders;
  const auto own = CgroupsOf(getpid());
  if (!own) return folders;
  for (const auto& [hierarchy, path] : *own) {
    const auto folder = CgroupFolder(hierarchy, "/" + Item(c, kContainer));
    if (folder) folders.push_back(*folder);
  }
  return folders;
}

void RemoveContainerFolders(abi::Container* c) {
  if (Item(c, kContainer).empty()) return;
  for (const std::string& folder : ContainerFolders(c)) rmdir(folder.c_str());
}

// The key takes every value that `kLooks` says yes to.
template <Text kKey, bool (*kLooks)(std::string_view)>
void AcceptsLike(Broken& broken) {
  broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
    return Original().set_config_item(c, key, value) ||
           (key != nullptr && value != nullptr && std::string_view(key) == kKey.value &&
            kLooks(value));
  };
}

bool IsAbsolute(std::string_view path) { return path.starts_with('/'); }
bool LeadsUpwards(std::string_view path) { return path.find("..") != path.npos; }
bool IsDot(std::string_view path) { return path == "."; }
bool HasSlash(std::string_view path) { return path.find('/', 1) != path.npos; }

const Faults kFaults{
    {spec::cgroup_advanced_isolation::kAnnounced, "denied", "the extension is not announced",
     Denies<"cgroup_advanced_isolation">},
    {spec::cgroup_advanced_isolation::kKeysReadBack, "monitor-lost", "the monitor's path is lost",
     ReadsBackAs<"lxc.cgroup.dir.monitor", "">},
    {spec::cgroup_advanced_isolation::kKeysReadBack, "container-name",
     "of the container's path the name is read", ReadsBackAs<"lxc.cgroup.dir.container", "b">},
    {spec::cgroup_advanced_isolation::kKeysReadBack, "inner-lost", "the inner name is lost",
     ReadsBackAs<"lxc.cgroup.dir.container.inner", "">},
    {spec::cgroup_advanced_isolation::kKeysReadBack, "pivot-lost", "the pivot is lost",
     ReadsBackAs<"lxc.cgroup.dir.monitor.pivot", "">},
    {spec::cgroup_advanced_isolation::kUnsetIsEmpty, "monitor-kept",
     "a cleared monitor's path is kept", KeepsWhenCleared<"lxc.cgroup.dir.monitor">},
    {spec::cgroup_advanced_isolation::kUnsetIsEmpty, "container-kept",
     "a cleared container's path is kept", KeepsWhenCleared<"lxc.cgroup.dir.container">},
    {spec::cgroup_advanced_isolation::kUnsetIsEmpty, "inner-kept", "a cleared inner name is kept",
     KeepsWhenCleared<"lxc.cgroup.dir.container.inner">},
    {spec::cgroup_advanced_isolation::kUnsetIsEmpty, "pivot-kept", "a cleared pivot is kept",
     KeepsWhenCleared<"lxc.cgroup.dir.monitor.pivot">},
    {spec::cgroup_advanced_isolation::kPlaced, "nowhere", "the paths are not used",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         return StartWith(c, use_init, argv, Nowhere());
       };
     }},
    {spec::cgroup_advanced_isolation::kPlaced, "monitor-elsewhere", "the monitor is elsewhere",
     DoesAfterStart<[](abi::Container* c) { MoveOut(MonitorOf(c)); }>},
    {spec::cgroup_advanced_isolation::kPlaced, "monitor-all-but-one",
     "the monitor is elsewhere in one hierarchy",
     DoesAfterStart<[](abi::Container* c) { MoveOutOfOne(MonitorOf(c)); }>},
    {spec::cgroup_advanced_isolation::kPlaced, "all-but-one", "the init is in one hierarchy",
     DoesAfterStart<[](abi::Container* c) { MoveOutOfOne(InitOf(c)); }>},
    {spec::cgroup_advanced_isolation::kInnerPlaced, "outer", "the init is in the outer one",
     ForgetsAtStart<"lxc.cgroup.dir.container.inner">},
    {spec::cgroup_advanced_isolation::kInnerPlaced, "all-but-one",
     "the init is elsewhere in one hierarchy",
     DoesAfterStart<[](abi::Container* c) { MoveOutOfOne(InitOf(c)); }>},
    {spec::cgroup_advanced_isolation::kInnerIsRoot, "outer",
     "the outer cgroup is the root of the namespace", MakesNamespaceAbove},
    {spec::cgroup_advanced_isolation::kInnerIsRoot, "shared", "there is no namespace",
     AddsAtStart<"lxc.namespace.keep", "cgroup">},
    {spec::cgroup_advanced_isolation::kOuterLimited, "inner", "the inner one is limited",
     LimitsInner},
    {spec::cgroup_advanced_isolation::kOuterLimited, "written-only",
     "the init is not in the cgroup with the limit",
     DoesAfterStart<[](abi::Container* c) { MoveOut(InitOf(c)); }>},
    {spec::cgroup_advanced_isolation::kCannotBeRaised, "inner", "the inner one is limited",
     LimitsInner},
    {spec::cgroup_advanced_isolation::kCannotBeRaised, "no-inner", "there is no inner one",
     ForgetsAtStart<"lxc.cgroup.dir.container.inner">},
    {spec::cgroup_advanced_isolation::kCannotBeRaised, "outer-seen",
     "the outer cgroup is the root of the namespace", MakesNamespaceAbove},
    {spec::cgroup_advanced_isolation::kMemoryCannotBeRaised, "inner", "the inner one is limited",
     LimitsInner},
    {spec::cgroup_advanced_isolation::kMemoryCannotBeRaised, "no-inner", "there is no inner one",
     ForgetsAtStart<"lxc.cgroup.dir.container.inner">},
    {spec::cgroup_advanced_isolation::kMemoryCannotBeRaised, "written-only",
     "the init is not in the cgroup with the limit",
     DoesAfterStart<[](abi::Container* c) { MoveOut(InitOf(c)); }>},
    {spec::cgroup_advanced_isolation::kCpuCannotBeRaised, "inner", "the inner one is limited",
     LimitsInner},
    {spec::cgroup_advanced_isolation::kCpuCannotBeRaised, "no-inner", "there is no inner one",
     ForgetsAtStart<"lxc.cgroup.dir.container.inner">},
    {spec::cgroup_advanced_isolation::kCpuCannotBeRaised, "written-only",
     "the init is not in the cgroup with the limit",
     DoesAfterStart<[](abi::Container* c) { MoveOut(InitOf(c)); }>},
    {spec::cgroup_advanced_isolation::kItemRead, "inner", "the inner cgroup's is read",
     [](Broken& broken) { broken.members.get_cgroup_item = GetItemOfInit; }},
    {spec::cgroup_advanced_isolation::kItemRead, "configured", "the configuration's is read",
     [](Broken& broken) {
       broken.members.get_cgroup_item = [](abi::Container* c, const char*, char* value, int size) {
         return Answer(Item(c, LimitKey(c).c_str()), value, size);
       };
     }},
    {spec::cgroup_advanced_isolation::kItemWritten, "inner", "the inner cgroup's is written",
     [](Broken& broken) { broken.members.set_cgroup_item = SetItemOfInit; }},
    {spec::cgroup_advanced_isolation::kItemWritten, "ignored", "nothing is written",
     [](Broken& broken) {
       broken.members.set_cgroup_item = [](abi::Container*, const char*, const char*) {
         return true;
       };
     }},
    {spec::cgroup_advanced_isolation::kGoneAfterStop, "left", "a stop leaves the cgroups",
     LeavesCgroups<Ending::kByRequest>},
    {spec::cgroup_advanced_isolation::kGoneAfterStop, "left-by-the-killed",
     "an init that was killed leaves its cgroups", LeavesCgroups<Ending::kByItself>},
    {spec::cgroup_advanced_isolation::kPivot, "left", "the monitor's cgroups are left",
     LeavesCgroups<Ending::kByRequest, MonitorOf>},
    {spec::cgroup_advanced_isolation::kRestart, "outer", "the second run has no inner cgroup",
     ChangesRestart<[](abi::Container*) {
       return Changes{{kInner, ""}};
     }>},
    {spec::cgroup_advanced_isolation::kRestart, "nowhere", "the second run has no place",
     ChangesRestart<[](abi::Container*) { return Nowhere(); }>},
    {spec::cgroup_advanced_isolation::kPathRefused, "absolute-dir", "lxc.cgroup.dir is absolute",
     AcceptsLike<"lxc.cgroup.dir", IsAbsolute>},
    {spec::cgroup_advanced_isolation::kPathRefused, "upwards-dir", "lxc.cgroup.dir leads upwards",
     AcceptsLike<"lxc.cgroup.dir", LeadsUpwards>},
    {spec::cgroup_advanced_isolation::kPathRefused, "absolute-monitor",
     "the monitor's path is absolute", AcceptsLike<"lxc.cgroup.dir.monitor", IsAbsolute>},
    {spec::cgroup_advanced_isolation::kPathRefused, "upwards-monitor",
     "the monitor's path leads upwards", AcceptsLike<"lxc.cgroup.dir.monitor", LeadsUpwards>},
    {spec::cgroup_advanced_isolation::kPathRefused, "absolute-container",
     "the container's path is absolute", AcceptsLike<"lxc.cgroup.dir.container", IsAbsolute>},
    {spec::cgroup_advanced_isolation::kPathRefused, "upwards-container",
     "the container's path leads upwards", AcceptsLike<"lxc.cgroup.dir.container", LeadsUpwards>},
    {spec::cgroup_advanced_isolation::kPathRefused, "absolute-pivot", "the pivot is absolute",
     AcceptsLike<"lxc.cgroup.dir.monitor.pivot", IsAbsolute>},
    {spec::cgroup_advanced_isolation::kPathRefused, "upwards-pivot", "the pivot leads upwards",
     AcceptsLike<"lxc.cgroup.dir.monitor.pivot", LeadsUpwards>},
    {spec::cgroup_advanced_isolation::kPathRefused, "inner-path", "the inner name is a path",
     AcceptsLike<"lxc.cgroup.dir.container.inner", HasSlash>},
    {spec::cgroup_advanced_isolation::kPathRefused, "inner-dot", "the inner name is a dot",
     AcceptsLike<"lxc.cgroup.dir.container.inner", IsDot>},
    {spec::cgroup_advanced_isolation::kPathRefused, "cleared", "a refused path clears the key",
     ClearsWhenRefusing<"lxc.cgroup.dir.container">},
    {spec::cgroup_advanced_isolation::kTogether, "anywhere",
     "a container whose paths do not go together starts anywhere", StartsAnywhere},
    {spec::cgroup_advanced_isolation::kTogether, "dir-ignored",
     "beside paths lxc.cgroup.dir is nothing", ForgetsAtStart<"lxc.cgroup.dir">},
    {spec::cgroup_advanced_isolation::kTogether, "monitor-ignored",
     "the monitor's path alone is nothing", StartsWithout<"lxc.cgroup.dir.monitor">},
    {spec::cgroup_advanced_isolation::kTogether, "container-ignored",
     "the container's path alone is nothing", StartsWithout<"lxc.cgroup.dir.container">},
    {spec::cgroup_advanced_isolation::kInnerAlone, "ignored", "the inner name alone is nothing",
     StartsWithout<"lxc.cgroup.dir.container.inner">},
    {spec::cgroup_advanced_isolation::kOneForBoth, "monitor-elsewhere",
     "the monitor goes elsewhere then", StartsOtherwise<[](abi::Container* c) {
       return Changes{{kMonitor, Item(c, kMonitor) + "-1"}};
     }>},
    {spec::cgroup_advanced_isolation::kTaken, "replaced", "what was there is replaced",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         RemoveContainerFolders(c);
         return Original().start(c, use_init, argv);
       };
     }},
    {spec::cgroup_advanced_isolation::kTaken, "numbered", "the container gets a number then",
     StartsOtherwise<[](abi::Container* c) {
       return Changes{{kContainer, Item(c, kContainer) + "-1"},
                      {kMonitor, Item(c, kMonitor) + "-1"}};
     }>},
    {spec::cgroup_advanced_isolation::kTaken, "removed",
     "a start that fails removes what was there",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         const bool started = Original().start(c, use_init, argv);
         if (!started) RemoveContainerFolders(c);
         return started;
       };
     }},
    {spec::cgroup_advanced_isolation::kNoRoom, "anywhere", "without room it starts elsewhere",
     StartsAnywhere},
    {spec::cgroup_advanced_isolation::kNoRoom, "pretended", "a start that fails succeeds",
     PretendsToStart},
};

}  // namespace
}  // namespace lxcspec::faults
