// SPDX-License-Identifier: Apache-2.0

#include "runtime/stress/leftovers.h"

#include <linux/bpf.h>
#include <net/if.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

// Empty for a process that ends meanwhile, which an iterator over a stream would throw at.
std::string ReadFile(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool IsNumber(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

pid_t ParentOf(const fs::path& process) {
  const std::string stat = ReadFile(process / "stat");
  const size_t name_end = stat.rfind(')');
  // ") S <parent>"
  if (name_end == stat.npos || stat.size() < name_end + 4) return -1;
  return static_cast<pid_t>(strtol(stat.c_str() + name_end + 4, nullptr, 10));
}

size_t CountLines(const fs::path& path, const std::string& mark) {
  std::ifstream file(path);
  size_t count = 0;
  for (std::string line; std::getline(file, line);) count += line.find(mark) != line.npos ? 1 : 0;
  return count;
}

size_t CountCgroups(const std::string& mark) {
  size_t count = 0;
  std::error_code error;
  fs::recursive_directory_iterator entries("/sys/fs/cgroup", error);
  for (; !error && entries != fs::recursive_directory_iterator(); entries.increment(error)) {
    std::error_code ignored;
    if (!entries->is_directory(ignored)) continue;
    count += entries->path().filename().string().find(mark) != std::string::npos ? 1 : 0;
  }
  return count;
}

size_t CountEntries(const fs::path& folder) {
  size_t count = 0;
  std::error_code error;
  for (fs::directory_iterator entries(folder, error); !error && entries != fs::directory_iterator();
       entries.increment(error)) {
    ++count;
  }
  return count;
}

size_t CountLinks() {
  struct if_nameindex* const links = if_nameindex();
  size_t count = 0;
  for (auto* link = links; link != nullptr && link->if_index != 0; ++link) ++count;
  if_freenameindex(links);
  return count;
}

int Bpf(bpf_cmd command, bpf_attr& attributes) {
  return static_cast<int>(syscall(SYS_bpf, command, &attributes, sizeof(attributes)));
}

// As the kernel's objects of one kind are gone through: bpf(2).
template <typename Info>
size_t CountNamed(bpf_cmd next_id, bpf_cmd open_by_id, const char* name) {
  size_t count = 0;
  for (uint32_t id = 0;;) {
    bpf_attr next = {};
    next.start_id = id;
    if (Bpf(next_id, next) != 0) return count;
    id = next.next_id;
    bpf_attr by_id = {};
    by_id.prog_id = id;
    const int fd = Bpf(open_by_id, by_id);
    // Gone meanwhile.
    if (fd < 0) continue;
    Info info = {};
    bpf_attr asked = {};
    asked.info.bpf_fd = static_cast<uint32_t>(fd);
    asked.info.info_len = sizeof(info);
    asked.info.info = reinterpret_cast<uintptr_t>(&info);
    if (Bpf(BPF_OBJ_GET_INFO_BY_FD, asked) == 0 && strcmp(info.name, name) == 0) ++count;
    close(fd);
  }
}

}  // namespace

std::map<std::string, size_t> CountDeviceObjects() {
  constexpr char kName[] = "lxc_devices";
  return {
      {"programs", CountNamed<bpf_prog_info>(BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID, kName)},
      {"maps", CountNamed<bpf_map_info>(BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID, kName)}};
}

Leftovers::Leftovers(std::string mark) : mark_(std::move(mark)), before_(CountAll()) {}

std::map<std::string, size_t> Leftovers::Count() const {
  std::map<std::string, size_t> now = CountAll();
  for (auto& [kind, count] : now) count -= std::min(count, before_.at(kind));
  return now;
}

std::map<std::string, size_t> Leftovers::CountAll() const {
  return {{"processes", FindProcesses(mark_).size()},
          {"cgroups", CountCgroups(mark_)},
          {"mounts", CountLines("/proc/self/mountinfo", mark_)},
          {"links", CountLinks()},
          {"descriptors", CountEntries("/proc/self/fd")},
          {"files", CountEntries("/run/lxc")}};
}

std::vector<FoundProcess> FindProcesses(const std::string& mark) {
  std::vector<FoundProcess> found;
  std::error_code error;
  for (fs::directory_iterator entries("/proc", error);
       !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const std::string name = entries->path().filename();
    if (!IsNumber(name) || name == std::to_string(getpid())) continue;
    std::string command_line = ReadFile(entries->path() / "cmdline");
    if (command_line.find(mark) == command_line.npos && ParentOf(entries->path()) != getpid()) {
      continue;
    }
    found.push_back({static_cast<pid_t>(std::stol(name)), std::move(command_line)});
  }
  return found;
}

}  // namespace lxcspec::runtime
