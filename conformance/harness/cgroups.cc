// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/cgroups.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

// Whether the options of a mount have all controllers of "cpu,cpuacct".
bool HasControllers(const std::string& options, const std::string& controllers) {
  std::istringstream names(controllers);
  for (std::string name; std::getline(names, name, ',');) {
    if (("," + options + ",").find("," + name + ",") == std::string::npos) return false;
  }
  return true;
}

// A cpuset of version 1 takes no process before it has CPUs and memory.
Status FillCpuset(const std::string& folder) {
  if (access((folder + "/tasks").c_str(), F_OK) != 0) return {};
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    const std::string own = folder + "/" + file;
    if (access(own.c_str(), F_OK) != 0) continue;
    ASSIGN_OR_RETURN(const std::string all, ReadCgroupFile(folder + "/../" + file));
    RETURN_IF_ERROR(WriteCgroupFile(own, all));
  }
  return {};
}

}  // namespace

Result<CgroupPaths> CgroupsOf(pid_t process) {
  const std::string file = fmt::format("/proc/{}/cgroup", process);
  std::ifstream lines(file);
  if (!lines) return Fail(ESRCH, "open " + file);
  CgroupPaths paths;
  // `id:controllers:path`
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (second == std::string::npos) return Fail(EPROTO, file + ": " + line);
    const std::string hierarchy = line.substr(first + 1, second - first - 1);
    if (CgroupFolder(hierarchy, "/")) paths[hierarchy] = line.substr(second + 1);
  }
  return paths;
}

Result<std::string> CgroupFolder(const std::string& hierarchy, const std::string& path) {
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    const size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream before(line.substr(0, dash));
    std::istringstream behind(line.substr(dash + 3));
    std::string skipped, root, place, type, options;
    before >> skipped >> skipped >> skipped >> root >> place;
    behind >> type >> skipped >> options;
    if (root != "/" || type != (hierarchy.empty() ? "cgroup2" : "cgroup")) continue;
    if (hierarchy.empty() || HasControllers(options, hierarchy)) {
      return path == "/" ? place : place + path;
    }
  }
  return Fail(ENOENT, fmt::format("look for the mount of the cgroup hierarchy '{}'", hierarchy));
}

Result<std::string> UnifiedFolderOf(pid_t process) {
  ASSIGN_OR_RETURN(const CgroupPaths paths, CgroupsOf(process));
  const auto found = paths.find(kUnified);
  if (found == paths.end()) return Fail(ENOENT, "look for a cgroup of version 2");
  return CgroupFolder(kUnified, found->second);
}

Status EnterNewCgroups(const std::string& name) {
  ASSIGN_OR_RETURN(const CgroupPaths own, CgroupsOf(getpid()));
  for (const auto& [hierarchy, path] : own) {
    ASSIGN_OR_RETURN(const std::string folder, CgroupFolder(hierarchy, "/" + name));
    if (mkdir(folder.c_str(), 0755) != 0) return FailErrno("mkdir " + folder);
    RETURN_IF_ERROR(FillCpuset(folder));
    RETURN_IF_ERROR(WriteCgroupFile(folder + "/cgroup.procs", "0"));
  }
  return {};
}

std::vector<std::string> CgroupsBelow(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_directory(error)) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::string> ReadCgroupFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) return FailErrno("open " + path);
  std::ostringstream text;
  text << file.rdbuf();
  std::string all = text.str();
  while (!all.empty() && all.back() == '\n') all.pop_back();
  return all;
}

Status WriteCgroupFile(const std::string& path, std::string_view text) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return FailErrno("open " + path);
  if (write(file.get(), text.data(), text.size()) < 0) {
    return FailErrno(fmt::format("write {} to {}", text, path));
  }
  return {};
}

Result<pid_t> ParentOf(pid_t process) {
  const std::string file = fmt::format("/proc/{}/status", process);
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view kField = "PPid:";
    if (line.starts_with(kField)) return std::stoi(line.substr(kField.size()));
  }
  return Fail(ESRCH, "read PPid of " + file);
}

}  // namespace lxcspec
