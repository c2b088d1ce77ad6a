// SPDX-License-Identifier: Apache-2.0

#include "bench/harness/ground.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

// The number behind a word at the start of a line.
Result<uint64_t> NumberBehind(const std::string& file, const std::string& word) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(word)) return strtoull(line.c_str() + word.size(), nullptr, 10);
  }
  return Fail(ENODATA, fmt::format("{} in {}", word, file));
}

// Where processes outside of containers make them: at the top of each hierarchy. Those of others
// come and go meanwhile.
std::vector<fs::path> CgroupsOf(const std::string& mark) {
  std::vector<fs::path> found;
  const auto look = [&](const fs::path& folder) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      if (entry.path().filename().string().find(mark) != std::string::npos) {
        found.push_back(entry.path());
      }
    }
  };
  std::error_code error;
  look("/sys/fs/cgroup");
  for (const auto& entry : fs::directory_iterator("/sys/fs/cgroup", error)) {
    if (entry.is_directory(error)) look(entry.path());
  }
  return found;
}

// A monitor may still be about to end in there.
void RemoveCgroupsOf(const std::string& mark) {
  constexpr std::chrono::seconds kPatience(1);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  std::vector<fs::path> left = CgroupsOf(mark);
  while (!left.empty() && std::chrono::steady_clock::now() < deadline) {
    std::erase_if(left,
                  [](const fs::path& path) { return rmdir(path.c_str()) == 0 || errno == ENOENT; });
    waitpid(-1, nullptr, WNOHANG);
    poll(nullptr, 0, 1);
  }
}

}  // namespace

Result<std::unique_ptr<Ground>> Ground::Create(const std::string& payload) {
  std::string folder = fs::temp_directory_path() / "lxcbench.XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return FailErrno(fmt::format("mkdtemp({})", folder));
  std::unique_ptr<Ground> ground(new Ground(folder));
  std::error_code error;
  for (const char* name : {"dev", "proc", "sys"}) {
    fs::create_directories(fs::path(ground->root()) / name, error);
  }
  if (!error) fs::copy_file(payload, fs::path(ground->root()) / "payload", error);
  if (error) return Fail(error.value(), fmt::format("a root file system in {}", folder));
  for (const char* name : {"/ask", "/answer"}) {
    const std::string fifo = ground->root() + name;
    if (mkfifo(fifo.c_str(), 0600) != 0) return FailErrno(fmt::format("mkfifo({})", fifo));
  }
  return ground;
}

Ground::~Ground() {
  std::error_code error;
  fs::remove_all(folder_, error);
  RemoveCgroupsOf(fs::path(folder_).filename());
}

Result<std::unique_ptr<Container>> Ground::NewContainer(Testee& testee, const Items& items) const {
  auto container = testee.NewContainer(fs::path(folder_).filename().string(), folder_);
  if (!container) return Propagate(std::move(container).error());
  Items all = {{"lxc.rootfs.path", "dir:" + root()},
               {"lxc.init.cmd", "/payload"},
               {"lxc.net.0.type", "empty"},
               {"lxc.mount.auto", "proc:rw sys:rw"},
               {"lxc.apparmor.profile", "unconfined"}};
  all.insert(all.end(), items.begin(), items.end());
  for (const auto& [key, value] : all) RETURN_IF_ERROR((*container)->SetConfigItem(key, value));
  return container;
}

Status Ground::Ask(const std::string& command) const {
  std::ofstream(root() + "/ask") << command << std::endl;
  std::ifstream answer(root() + "/answer");
  std::string word;
  if (answer >> word && word == "done") return {};
  return Fail(EPROTO, fmt::format("the payload's \"{}\": {}", command, word));
}

Result<pid_t> MonitorOf(pid_t init) {
  const auto parent = NumberBehind(fmt::format("/proc/{}/status", init), "PPid:");
  if (!parent) return Propagate(parent.error());
  return static_cast<pid_t>(*parent);
}

Result<PrivateMemory> PrivateMemoryOf(pid_t process) {
  const std::string file = fmt::format("/proc/{}/smaps_rollup", process);
  const auto clean = NumberBehind(file, "Private_Clean:");
  const auto dirty = NumberBehind(file, "Private_Dirty:");
  if (!clean) return Propagate(clean.error());
  if (!dirty) return Propagate(dirty.error());
  return PrivateMemory{.clean = *clean, .dirty = *dirty};
}

Result<uint64_t> CpuTime(pid_t process) {
  uint64_t total = 0;
  std::error_code error;
  for (const auto& task : fs::directory_iterator(fmt::format("/proc/{}/task", process), error)) {
    uint64_t time = 0;
    if (std::ifstream(task.path() / "schedstat") >> time) total += time;
  }
  if (total == 0) return Fail(ENODATA, fmt::format("schedstat of process {}", process));
  return total;
}

Status LeaveTheMachine() {
  if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0) return FailErrno("unshare(CLONE_NEWNS)");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return FailErrno("mount(/, MS_PRIVATE)");
  }
  // Monitors outlive who forked them; so they are reaped here.
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return FailErrno("prctl(PR_SET_CHILD_SUBREAPER)");
  return {};
}

}  // namespace lxcspec
