// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/cgroup_test.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>

namespace lxcspec {
namespace {

constexpr int kSecondsToStop = 10;

void AddBelow(const std::string& folder, std::vector<std::string>& found) {
  for (const std::string& name : CgroupsBelow(folder)) {
    // The launcher's place for the test's own processes.
    if (name == "init.scope") continue;
    const std::string below = fmt::format("{}/{}", folder, name);
    found.push_back(below);
    AddBelow(below, found);
  }
}

Result<ResourceLimit> FindLimit(const std::string& controller, const std::string& second_file,
                                const std::string& first_file) {
  ASSIGN_OR_RETURN(const CgroupPaths own, CgroupsOf(getpid()));
  for (const auto& [hierarchy, path] : own) {
    ASSIGN_OR_RETURN(const std::string folder, CgroupFolder(hierarchy, path));
    const bool second = hierarchy == kUnified;
    const std::string& file = second ? second_file : first_file;
    if (access(fmt::format("{}/{}", folder, file).c_str(), F_OK) != 0) continue;
    return ResourceLimit{.controller = controller,
                         .key = (second ? "lxc.cgroup2." : "lxc.cgroup.") + file,
                         .file = file,
                         .hierarchy = hierarchy,
                         .none = second ? "max" : "-1"};
  }
  return Fail(ENOENT, "look for a hierarchy with " + second_file);
}

}  // namespace

Result<OwnCgroups> OwnCgroups::Enter(const std::string& name) {
  ASSIGN_OR_RETURN(const CgroupPaths before, CgroupsOf(getpid()));
  OwnCgroups entered(before, name);
  RETURN_IF_ERROR(EnterNewCgroups(name));
  return entered;
}

OwnCgroups::~OwnCgroups() {
  // A monitor that ends is in there for a moment longer.
  const Deadline deadline(std::chrono::seconds(1));
  for (const auto& [hierarchy, path] : left_) {
    const auto before = CgroupFolder(hierarchy, path);
    const auto own = CgroupFolder(hierarchy, "/" + name_);
    if (!before || !own) continue;
    static_cast<void>(WriteCgroupFile(*before + "/cgroup.procs", "0"));
    while (rmdir(own->c_str()) != 0 && errno == EBUSY && !deadline.Passed()) PauseBetweenLooks();
  }
}

Result<PidsLimit> CgroupTest::FindPidsLimit() {
  const auto unified = FolderOf(getpid());
  if (unified && access((*unified + "/pids.max").c_str(), F_OK) == 0) {
    return PidsLimit{.key = "lxc.cgroup2.pids.max", .hierarchy = kUnified};
  }
  RETURN_IF_ERROR(CgroupFolder("pids", "/"));
  return PidsLimit{.key = "lxc.cgroup.pids.max", .hierarchy = "pids"};
}

Result<ResourceLimit> CgroupTest::FindMemoryLimit() {
  return FindLimit("memory", "memory.max", "memory.limit_in_bytes");
}

Result<ResourceLimit> CgroupTest::FindCpuLimit() {
  return FindLimit("cpu", "cpu.max", "cpu.cfs_quota_us");
}

void CgroupTest::TakeLimitAway(ProbedContainer& container, const ResourceLimit& limit,
                               const std::vector<std::string>& cgroups) {
  const std::string mount = "/sys/fs/cgroup";
  std::vector<std::string> roots = {mount};
  if (!limit.hierarchy.empty()) {
    roots = {mount + "/" + limit.controller, mount + "/" + limit.hierarchy};
  }
  for (const std::string& root : roots) {
    for (const std::string& cgroup : cgroups) {
      const std::string file = fmt::format("{}/{}/{}", root, cgroup, limit.file);
      static_cast<void>(container.Ask({"write-to", file, limit.none}));
    }
  }
}

Result<std::string> CgroupTest::FolderOf(pid_t process, const std::string& hierarchy) {
  ASSIGN_OR_RETURN(const CgroupPaths paths, CgroupsOf(process));
  const auto found = paths.find(hierarchy);
  if (found == paths.end()) return Fail(ENOENT, "look for a cgroup of '" + hierarchy + "'");
  return CgroupFolder(hierarchy, found->second);
}

Result<std::string> CgroupTest::ReadFileOf(const ProbedContainer& container,
                                           const std::string& file, const std::string& hierarchy) {
  ASSIGN_OR_RETURN(const std::string folder, FolderOf(container.init(), hierarchy));
  return ReadCgroupFile(folder + "/" + file);
}

Result<int> CgroupTest::CountChildren(ProbedContainer& container, int most) {
  for (int count = 0; count < most; ++count) {
    const auto made = container.Ask({"spawn"});
    if (made) continue;
    // What pids.max makes of a fork.
    if (made.error().code == EAGAIN) return count;
    return Propagate(made.error());
  }
  return most;
}

Status CgroupTest::StopAndWait(Container& container) {
  RETURN_IF_ERROR(container.Stop());
  return container.Wait("STOPPED", kSecondsToStop);
}

Status CgroupTest::KillAndWait(const ProbedContainer& container) {
  if (kill(container.init(), SIGKILL) != 0) return FailErrno("kill(init)");
  return container->Wait("STOPPED", kSecondsToStop);
}

Result<std::string> CgroupTest::ErrorsOfFailingStart(const ConfigItems& config) {
  const std::string file = (scratch() / "start.log").string();
  ASSIGN_OR_RETURN(auto container, Configure({"pause"}, config));
  RETURN_IF_ERROR(container->SetConfigItem("lxc.log.file", file));
  RETURN_IF_ERROR(container->SetConfigItem("lxc.log.level", "ERROR"));
  if (container->Start({})) {
    static_cast<void>(container->Stop());
    return Fail(EEXIST, "have the start fail: the container runs");
  }
  if (container->State() != "STOPPED") {
    return Fail(EEXIST, "have the start fail: the container is " + container->State());
  }
  std::ifstream log(file);
  std::ostringstream text;
  text << log.rdbuf();
  return text.str();
}

Status CgroupTest::StartBriefly(const ConfigItems& config) {
  ASSIGN_OR_RETURN(auto container, Configure({"pause"}, config));
  RETURN_IF_ERROR(container->Start({}));
  static_cast<void>(StopAndWait(*container));
  return {};
}

std::vector<std::string> CgroupTest::CgroupsOfContainers() {
  std::vector<std::string> found;
  const auto own = CgroupsOf(getpid());
  if (!own) return found;
  for (const auto& [hierarchy, path] : *own) {
    if (const auto root = CgroupFolder(hierarchy, "/")) AddBelow(*root, found);
  }
  std::sort(found.begin(), found.end());
  return found;
}

Status CgroupTest::LetNoMoreBeMadeBelow(const std::string& folder) {
  return WriteCgroupFile(folder + "/cgroup.max.descendants", "0");
}

ConfigItems CgroupTest::Joined(ConfigItems first, const ConfigItems& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace lxcspec
