// SPDX-License-Identifier: Apache-2.0

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "conformance/faults/attaching.h"
#include "conformance/faults/cgroup_ways.h"

namespace lxcspec::faults {
namespace {

constexpr char kPids[] = "lxc.cgroup2.pids.max";
constexpr std::string_view kFamily = "lxc.cgroup2.";

// A key of the family reads as what `kChoose` leaves of its lines.
template <auto kChoose>
void ReadsLines(Broken& broken) {
  broken.members.get_config_item = [](abi::Container* c, const char* key, char* value, int size) {
    if (key == nullptr || !std::string_view(key).starts_with(kFamily)) {
      return Original().get_config_item(c, key, value, size);
    }
    return Answer(kChoose(Item(c, key)), value, size);
  };
}

std::string FirstLine(const std::string& lines) { return lines.substr(0, lines.find('\n') + 1); }

std::string LastLine(const std::string& lines) {
  if (lines.empty()) return "";
  return lines.substr(lines.rfind('\n', lines.size() - 2) + 1);
}

// Containers start with what `kChoose` leaves of the lines of lxc.cgroup2.pids.max.
template <auto kChoose>
void ChoosesAtStart(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    return StartWith(c, use_init, argv, kPids, kChoose(Item(c, kPids)));
  };
}

// The init is out of the cgroup with its limits.
void LeavesLimits(Broken& broken) {
  DoesAfterStart<[](abi::Container* c) { MoveOut(InitOf(c)); }>(broken);
}

// Containers start with a limit of one version as one of the other.
template <Text kOne, Text kOther>
void MovesLimit(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    std::string limit = Item(c, kOne.value);
    if (limit.empty()) return Original().start(c, use_init, argv);
    return StartWith(c, use_init, argv, {{kOne.value, ""}, {kOther.value, limit}});
  };
}

// A container that has this key does not start.
template <Text kKey>
void RefusesAtStart(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    return Item(c, kKey.value).empty() && Original().start(c, use_init, argv);
  };
}

// The name of a file is taken as a path, from the container's cgroup or from the top.
void FollowsPaths(Broken& broken) {
  static auto& asked = *new std::vector<std::pair<std::string, std::string>>;
  broken.members.set_config_item = [](abi::Container* c, const char* key, const char* value) {
    const std::string_view name = key != nullptr ? key : "";
    if (!name.starts_with(kFamily) || name.find('/') == name.npos) {
      return Original().set_config_item(c, key, value);
    }
    asked.emplace_back(name.substr(kFamily.size()), value);
    return true;
  };
  DoesAfterStart<[](abi::Container* c) {
    for (const auto& [way, value] : std::exchange(asked, {})) {
      const std::string path = way.starts_with('/') ? way : FolderOf(InitOf(c)) + "/" + way;
      static_cast<void>(WriteCgroupFile(path, value));
    }
  }>(broken);
}

// What is attached stays in the cgroups of who attaches it.
int AttachesInPlace(abi::Container* c, void*, const char* program, const char* const argv[]) {
  constexpr int32_t kMoveToCgroup = 1;
  AttachOptions options;
  options.flags &= ~kMoveToCgroup;
  return Original().attach_run_wait(c, &options, program, argv);
}

// Nothing is attached where the init's cgroup takes no processes, only threads.
int AttachesToProcesses(abi::Container* c, void* options, const char* program,
                        const char* const argv[]) {
  const auto type = ReadCgroupFile(FolderOf(InitOf(c)) + "/cgroup.type");
  if (type && type->starts_with("threaded")) return -1;
  return Original().attach_run_wait(c, options, program, argv);
}

// Of containers that run, by name: the cgroups of the first one of each.
std::map<std::string, std::string>& FirstPaths() {
  static auto& paths = *new std::map<std::string, std::string>;
  return paths;
}

const Faults kFaults{
    {spec::cgroup2::kAnnounced, "denied", "the extension is not announced", Denies<"cgroup2">},
    {spec::cgroup2::kKeyReadsBack, "last", "the last value alone reads back", ReadsLines<LastLine>},
    {spec::cgroup2::kKeyReadsBack, "first", "the first value alone reads back",
     ReadsLines<FirstLine>},
    {spec::cgroup2::kKeyReadsBack, "one-word", "of a value the first word reads back",
     ReadsLines<[](const std::string& lines) {
       return lines.find(' ') == std::string::npos ? lines
                                                   : lines.substr(0, lines.find(' ')) + "\n";
     }>},
    {spec::cgroup2::kKeyCleared, "kept", "a cleared file is kept",
     KeepsWhenCleared<"lxc.cgroup2.pids.max">},
    {spec::cgroup2::kKeyCleared, "family-kept", "a cleared family is kept",
     KeepsWhenCleared<"lxc.cgroup2">},
    {spec::cgroup2::kKeyCleared, "all", "clearing a file clears the family",
     [](Broken& broken) {
       broken.members.clear_config_item = [](abi::Container* c, const char* key) {
         const bool one = key != nullptr && std::string_view(key).starts_with(kFamily);
         return Original().clear_config_item(c, one ? "lxc.cgroup2" : key);
       };
     }},
    {spec::cgroup2::kOwnCgroup, "starters", "the init is in the starter's cgroup", LeavesLimits},
    {spec::cgroup2::kOwnCgroup, "monitors", "the monitor is in there too",
     DoesAfterStart<[](abi::Container* c) {
       const auto paths = CgroupsOf(InitOf(c));
       if (paths && paths->contains(kUnified)) Move(MonitorOf(c), kUnified, paths->at(kUnified));
     }>},
    {spec::cgroup2::kLimitSet, "no-pids", "pids.max is not set",
     ForgetsAtStart<"lxc.cgroup2.pids.max">},
    {spec::cgroup2::kLimitSet, "no-memory", "memory.max is not set",
     ForgetsAtStart<"lxc.cgroup2.memory.max">},
    {spec::cgroup2::kLimitSet, "no-memory-high", "memory.high is not set",
     ForgetsAtStart<"lxc.cgroup2.memory.high">},
    {spec::cgroup2::kLimitSet, "no-cpu", "cpu.max is not set",
     ForgetsAtStart<"lxc.cgroup2.cpu.max">},
    {spec::cgroup2::kLimitSet, "no-weight", "cpu.weight is not set",
     ForgetsAtStart<"lxc.cgroup2.cpu.weight">},
    {spec::cgroup2::kLimitHolds, "ignored", "the key is ignored",
     ForgetsAtStart<"lxc.cgroup2.pids.max">},
    {spec::cgroup2::kLimitHolds, "one-more", "the init does not count",
     ChangesAtStart<"lxc.cgroup2.pids.max", "5">},
    {spec::cgroup2::kLimitHolds, "written-only", "the init is not in the cgroup with the limit",
     LeavesLimits},
    {spec::cgroup2::kCoreFile, "ignored", "cgroup.max.depth is not set",
     ForgetsAtStart<"lxc.cgroup2.cgroup.max.depth">},
    {spec::cgroup2::kCoreFile, "one-only", "cgroup.max.descendants is not set",
     ForgetsAtStart<"lxc.cgroup2.cgroup.max.descendants">},
    {spec::cgroup2::kLastValue, "first", "the first value holds", ChoosesAtStart<FirstLine>},
    {spec::cgroup2::kItemRead, "configured", "what is configured is answered",
     [](Broken& broken) {
       broken.members.get_cgroup_item = [](abi::Container* c, const char* item, char* value,
                                           int size) {
         const std::string set = Item(c, (std::string(kFamily) + item).c_str());
         return set.empty() ? Original().get_cgroup_item(c, item, value, size)
                            : Answer(set, value, size);
       };
     }},
    {spec::cgroup2::kItemRead, "remembered", "what was read once is answered again",
     [](Broken& broken) {
       broken.members.get_cgroup_item = [](abi::Container* c, const char* item, char* value,
                                           int size) {
         static std::string first;
         if (first.empty()) {
           char text[64] = "";
           if (Original().get_cgroup_item(c, item, text, sizeof(text)) < 0) return -1;
           first = text;
         }
         return Answer(first, value, size);
       };
     }},
    {spec::cgroup2::kItemWritten, "ignored", "nothing is written",
     [](Broken& broken) {
       broken.members.set_cgroup_item = [](abi::Container*, const char*, const char*) {
         return true;
       };
     }},
    {spec::cgroup2::kItemWritten, "configured", "the configuration is changed",
     [](Broken& broken) {
       broken.members.set_cgroup_item = [](abi::Container* c, const char* item, const char* value) {
         return Original().set_config_item(c, (std::string(kFamily) + item).c_str(), value);
       };
     }},
    {spec::cgroup2::kNameTaken, "refused", "a second one of a name does not start",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         static auto& names = *new std::set<std::string>;
         return names.insert(c->name).second && Original().start(c, use_init, argv);
       };
     }},
    {spec::cgroup2::kNameTaken, "shared", "a second one of a name is in the first one's cgroup",
     DoesAfterStart<[](abi::Container* c) {
       const pid_t init = InitOf(c);
       const auto paths = CgroupsOf(init);
       if (!paths || !paths->contains(kUnified)) return;
       const auto [first, is_new] = FirstPaths().emplace(c->name, paths->at(kUnified));
       if (!is_new) Move(init, kUnified, first->second);
     }>},
    {spec::cgroup2::kFrozen, "not", "freeze does nothing",
     [](Broken& broken) { broken.members.freeze = [](abi::Container*) { return true; }; }},
    {spec::cgroup2::kFrozen, "by-signal", "freeze stops the init by a signal",
     [](Broken& broken) {
       broken.members.freeze = [](abi::Container* c) { return kill(InitOf(c), SIGSTOP) == 0; };
     }},
    {spec::cgroup2::kFrozen, "for-ever", "unfreeze does nothing",
     [](Broken& broken) { broken.members.unfreeze = [](abi::Container*) { return true; }; }},
    {spec::cgroup2::kThreaded, "outside", "what is attached is not in the container's cgroup",
     [](Broken& broken) { broken.members.attach_run_wait = AttachesInPlace; }},
    {spec::cgroup2::kThreaded, "refused", "nothing is attached to a threaded cgroup",
     [](Broken& broken) { broken.members.attach_run_wait = AttachesToProcesses; }},
    {spec::cgroup2::kGoneAfterStop, "left", "a stop leaves the cgroups",
     LeavesCgroups<Ending::kByRequest>},
    {spec::cgroup2::kGoneAfterStop, "left-by-the-killed",
     "an init that was killed leaves its cgroups", LeavesCgroups<Ending::kByItself>},
    {spec::cgroup2::kLegacyKeySet, "ignored", "keys of version 1 are ignored",
     ForgetsAtStart<"lxc.cgroup.pids.max">},
    {spec::cgroup2::kLegacyKeySet, "one-more", "the init does not count",
     ChangesAtStart<"lxc.cgroup.pids.max", "5">},
    {spec::cgroup2::kLegacyKeySet, "written-only", "the init is not in the cgroup with the limit",
     DoesAfterStart<[](abi::Container* c) { MoveOut(InitOf(c), "pids"); }>},
    {spec::cgroup2::kKeyRefused, "family", "lxc.cgroup2 is taken", AcceptsAnything<"lxc.cgroup2">},
    {spec::cgroup2::kKeyRefused, "nameless", "lxc.cgroup2. is taken",
     AcceptsAnything<"lxc.cgroup2.">},
    {spec::cgroup2::kUnknownFile, "ignored", "a file that is not there is ignored",
     StartsWithout<"lxc.cgroup2.lxcspec.max">},
    {spec::cgroup2::kUnknownFile, "pretended", "a start that fails succeeds", PretendsToStart},
    {spec::cgroup2::kUnknownFile, "left", "a start that fails leaves a cgroup",
     [](Broken& broken) {
       broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
         const bool started = Original().start(c, use_init, argv);
         const auto folder = CgroupFolder(kUnified, std::string("/left.") + c->name);
         if (!started && folder) mkdir(folder->c_str(), 0755);
         return started;
       };
     }},
    {spec::cgroup2::kBadValue, "ignored", "a refused value is ignored",
     StartsWithout<"lxc.cgroup2.pids.max">},
    {spec::cgroup2::kFailureNamed, "silent", "the log says nothing",
     AddsAtStart<"lxc.log.level", "FATAL">},
    {spec::cgroup2::kLegacyUnknownFile, "ignored", "a file that is not there is ignored",
     StartsWithout<"lxc.cgroup.pids.lxcspec">},
    {spec::cgroup2::kStaysInside, "followed", "a name is taken as a path", FollowsPaths},
    {spec::cgroup2::kStoppedItem, "read", "a stopped container's items read as nothing",
     [](Broken& broken) {
       broken.members.get_cgroup_item = [](abi::Container* c, const char* item, char* value,
                                           int size) {
         return Original().is_running(c) ? Original().get_cgroup_item(c, item, value, size)
                                         : Answer("", value, size);
       };
     }},
    {spec::cgroup2::kStoppedItem, "written", "a stopped container's items are taken",
     [](Broken& broken) {
       broken.members.set_cgroup_item = [](abi::Container* c, const char* item, const char* value) {
         return !Original().is_running(c) || Original().set_cgroup_item(c, item, value);
       };
     }},
    {spec::cgroup2::kLegacyIgnored, "heeded", "keys of version 1 limit as those of version 2",
     MovesLimit<"lxc.cgroup.pids.max", "lxc.cgroup2.pids.max">},
    {spec::cgroup2::kLegacyIgnored, "refused", "a container with keys of version 1 does not start",
     RefusesAtStart<"lxc.cgroup.pids.max">},
    {spec::cgroup2::kUnifiedIgnored, "heeded", "keys of version 2 limit as those of version 1",
     MovesLimit<"lxc.cgroup2.pids.max", "lxc.cgroup.pids.max">},
    {spec::cgroup2::kUnifiedIgnored, "refused", "a container with keys of version 2 does not start",
     RefusesAtStart<"lxc.cgroup2.pids.max">},
};

}  // namespace
}  // namespace lxcspec::faults
