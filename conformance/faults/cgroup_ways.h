// SPDX-License-Identifier: Apache-2.0
//
// Ways to be wrong about a container's cgroups: its processes are moved when it has started, and
// what should be gone is made again.

#ifndef LXCSPEC_CONFORMANCE_FAULTS_CGROUP_WAYS_H_
#define LXCSPEC_CONFORMANCE_FAULTS_CGROUP_WAYS_H_

#include <sys/types.h>

#include <string>
#include <string_view>

#include "conformance/faults/ways.h"
#include "conformance/harness/cgroups.h"

namespace lxcspec::faults {

// The folder of a process's cgroup; empty where there is none.
std::string FolderOf(pid_t process, const std::string& hierarchy = kUnified);

// A container's init, and the process that made it; 0 where there is none.
pid_t InitOf(abi::Container* c);
pid_t MonitorOf(abi::Container* c);

// Moves a process to that path of a hierarchy, or of each. One that cannot be moved stays.
void Move(pid_t process, const std::string& hierarchy, const std::string& path);
void MoveEverywhere(pid_t process, const std::string& path);
// Out of all that is limited here: to where a test's own processes begin.
void MoveOut(pid_t process);
void MoveOut(pid_t process, const std::string& hierarchy);
// The same in one hierarchy alone: the last one in order that there is.
void MoveOutOfOne(pid_t process);

// A container that has started goes through `kAfter`.
template <auto kAfter>
void DoesAfterStart(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const bool started = Original().start(c, use_init, argv);
    if (started) kAfter(c);
    return started;
  };
}

// A start that fails is tried again with the changes that `kChanges` makes of the container.
template <auto kChanges>
void StartsOtherwise(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    return Original().start(c, use_init, argv) || StartWith(c, use_init, argv, kChanges(c));
  };
}

// A start that fails because of a key is tried again without it.
template <Text kKey>
void StartsWithout(Broken& broken) {
  StartsOtherwise<[](abi::Container*) { return Changes{{kKey.value, ""}}; }>(broken);
}

// How a container came to stop.
enum class Ending { kByRequest, kByItself };

// After containers have ended that way, cgroups are where those of a process of theirs were.
using Process = pid_t (*)(abi::Container*);
void LeavesCgroups(Broken& broken, Ending ending, Process whose);
template <Ending kEnding, Process kWhose = InitOf>
void LeavesCgroups(Broken& broken) {
  LeavesCgroups(broken, kEnding, kWhose);
}

// A container has no second run like the first one: it starts with these changes.
template <auto kChanges>
void ChangesRestart(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    static bool before = false;
    const bool again = before;
    before = true;
    return again ? StartWith(c, use_init, argv, kChanges(c)) : Original().start(c, use_init, argv);
  };
}

// A file of its cgroup that has to be read or written goes through another one: that of the cgroup
// that the init is in.
int GetItemOfInit(abi::Container* c, const char* item, char* value, int size);
bool SetItemOfInit(abi::Container* c, const char* item, const char* value);

}  // namespace lxcspec::faults

#endif  // LXCSPEC_CONFORMANCE_FAULTS_CGROUP_WAYS_H_
