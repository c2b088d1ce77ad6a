// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/descriptors.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <regex>
#include <system_error>

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

// "socket:[123]" and the like carry inode numbers, which differ from run to run.
std::string WithoutInode(const std::string& target) {
  static const std::regex kInode(R"(:\[\d+\])");
  return std::regex_replace(target, kInode, "");
}

std::string CommandOf(pid_t pid) {
  std::ifstream comm(fmt::format("/proc/{}/comm", pid));
  std::string name;
  std::getline(comm, name);
  return name;
}

}  // namespace

std::map<int, std::string> OpenDescriptors() {
  std::map<int, std::string> open;
  const fs::path folder = "/proc/self/fd";
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::error_code gone;
    const fs::path target = fs::read_symlink(entry.path(), gone);
    // The descriptor that lists this very folder is closed with the iterator.
    if (gone) continue;
    if (target.string().starts_with("/proc/") && target.filename() == "fd") continue;
    open[std::stoi(entry.path().filename().string())] = target.string();
  }
  return open;
}

std::vector<LeakInside> NewDescriptors(const std::map<int, std::string>& before) {
  std::vector<LeakInside> leaks;
  for (const auto& [fd, target] : OpenDescriptors()) {
    const auto known = before.find(fd);
    if (known != before.end() && known->second == target) continue;
    leaks.push_back({.leak_class = "fd", .what = WithoutInode(target)});
  }
  return leaks;
}

std::vector<LeakInside> Zombies() {
  std::vector<LeakInside> leaks;
  while (true) {
    siginfo_t info{};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) break;
    leaks.push_back({.leak_class = "zombie", .what = CommandOf(info.si_pid)});
    waitid(P_PID, static_cast<id_t>(info.si_pid), &info, WEXITED | WNOHANG);
  }
  return leaks;
}

}  // namespace lxcspec
