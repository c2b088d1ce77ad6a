// SPDX-License-Identifier: Apache-2.0

#include "conformance/faults/cgroup_ways.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <system_error>
#include <thread>
#include <vector>

namespace lxcspec::faults {
namespace {

// The launcher's place for a test's own processes.
constexpr char kOut[] = "/init.scope";
// How long a good implementation may take to remove what it has made.
constexpr std::chrono::seconds kPatience{5};

CgroupPaths PathsOf(pid_t process) {
  const auto paths = CgroupsOf(process);
  return paths ? *paths : CgroupPaths();
}

// Whose cgroups are made again.
Process& Whose() {
  static Process whose = InitOf;
  return whose;
}

// Their folders by container, of those hierarchies in which the starter is elsewhere.
std::map<std::string, std::vector<std::string>>& Folders() {
  static auto& folders = *new std::map<std::string, std::vector<std::string>>;
  return folders;
}

void RememberFolders(abi::Container* c) {
  const CgroupPaths own = PathsOf(getpid());
  std::vector<std::string>& folders = Folders()[c->name];
  folders.clear();
  for (const auto& [hierarchy, path] : PathsOf(Whose()(c))) {
    const auto known = own.find(hierarchy);
    if (known != own.end() && known->second == path) continue;
    if (const auto folder = CgroupFolder(hierarchy, path)) folders.push_back(*folder);
  }
}

void MakeAgain(abi::Container* c) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (const std::string& folder : Folders()[c->name]) {
    while (access(folder.c_str(), F_OK) == 0 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    std::error_code ignored;
    std::filesystem::create_directories(folder, ignored);
  }
}

// Of the last stop() of a container, until it has been waited for.
bool& WasAsked() {
  static bool asked = false;
  return asked;
}

}  // namespace

std::string FolderOf(pid_t process, const std::string& hierarchy) {
  const CgroupPaths paths = PathsOf(process);
  const auto found = paths.find(hierarchy);
  if (found == paths.end()) return "";
  const auto folder = CgroupFolder(hierarchy, found->second);
  return folder ? *folder : "";
}

pid_t InitOf(abi::Container* c) {
  const pid_t init = Original().init_pid(c);
  return init > 0 ? init : 0;
}

pid_t MonitorOf(abi::Container* c) {
  const auto parent = ParentOf(InitOf(c));
  return parent ? *parent : 0;
}

void Move(pid_t process, const std::string& hierarchy, const std::string& path) {
  const auto folder = CgroupFolder(hierarchy, path);
  if (!folder || process <= 0) return;
  static_cast<void>(WriteCgroupFile(*folder + "/cgroup.procs", std::to_string(process)));
}

void MoveEverywhere(pid_t process, const std::string& path) {
  for (const auto& [hierarchy, from] : PathsOf(process)) Move(process, hierarchy, path);
}

void MoveOut(pid_t process) { MoveEverywhere(process, kOut); }

void MoveOut(pid_t process, const std::string& hierarchy) { Move(process, hierarchy, kOut); }

void MoveOutOfOne(pid_t process) {
  const CgroupPaths paths = PathsOf(process);
  if (!paths.empty()) MoveOut(process, paths.rbegin()->first);
}

void LeavesCgroups(Broken& broken, Ending ending, Process whose) {
  Whose() = whose;
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    WasAsked() = false;
    const bool started = Original().start(c, use_init, argv);
    if (started) RememberFolders(c);
    return started;
  };
  broken.members.stop = [](abi::Container* c) {
    WasAsked() = true;
    return Original().stop(c);
  };
  broken.members.wait = ending == Ending::kByRequest
                            ? [](abi::Container* c, const char* state, int timeout) {
                                const bool there = Original().wait(c, state, timeout);
                                if (there && WasAsked()) MakeAgain(c);
                                return there;
                              }
                            : [](abi::Container* c, const char* state, int timeout) {
                                const bool there = Original().wait(c, state, timeout);
                                if (there && !WasAsked()) MakeAgain(c);
                                return there;
                              };
}

int GetItemOfInit(abi::Container* c, const char* item, char* value, int size) {
  for (const auto& [hierarchy, path] : PathsOf(InitOf(c))) {
    const auto text = ReadCgroupFile(FolderOf(InitOf(c), hierarchy) + "/" + item);
    if (text) return Answer(*text, value, size);
  }
  return -1;
}

bool SetItemOfInit(abi::Container* c, const char* item, const char* value) {
  for (const auto& [hierarchy, path] : PathsOf(InitOf(c))) {
    const std::string folder = FolderOf(InitOf(c), hierarchy);
    if (WriteCgroupFile(folder + "/" + item, value)) return true;
  }
  return false;
}

}  // namespace lxcspec::faults
