// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/launcher_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "conformance/launcher/cgroup_layout.h"
#include "conformance/launcher/directory.h"
#include "conformance/launcher/execute.h"
#include "conformance/launcher/file_io.h"
#include "conformance/launcher/mount_table.h"
#include "conformance/launcher/strings.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec::launcher {

using nlohmann::json;

LauncherProcess::LauncherProcess(LauncherPaths paths) : paths_(std::move(paths)) {
  const char* base = getenv("TEST_TMPDIR");
  directory_ = std::string(base != nullptr ? base : "/tmp") + "/launcher.XXXXXX";
  if (mkdtemp(directory_.data()) == nullptr) abort();
}

LauncherProcess::~LauncherProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    Await();
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

pid_t LauncherProcess::Start(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {paths_.launcher};
  const std::map<std::string, std::string> required = {{"--suite", paths_.suite},
                                                       {"--testee", paths_.testee},
                                                       {"--probe", paths_.probe},
                                                       {"--results", results_path()}};
  for (const auto& [option, value] : required) {
    if (std::find(arguments.begin(), arguments.end(), option) == arguments.end()) {
      argv.insert(argv.end(), {option, value});
    }
  }
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  // Who waits for results must not take those of an earlier run for them.
  if (std::find(arguments.begin(), arguments.end(), "--resume") == arguments.end()) {
    unlink(results_path().c_str());
  }
  const std::string errors = directory_ + "/errors";
  pid_ = fork();
  if (pid_ == 0) {
    const int fd = open(errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(fd, 2);
    prepare_();
    Execute(argv, environment_);
    _exit(126);
  }
  return pid_;
}

int LauncherProcess::Await() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool LauncherProcess::AwaitResults(const std::function<bool(const std::string&)>& predicate) {
  UniqueFd changes(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (inotify_add_watch(changes.get(), directory_.c_str(), IN_CREATE | IN_MODIFY) < 0) return false;
  const UniqueFd launcher(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  for (;;) {
    const auto text = ReadFile(results_path());
    if (text && predicate(*text)) return true;
    std::array<pollfd, 2> fds = {
        {{.fd = changes.get(), .events = POLLIN}, {.fd = launcher.get(), .events = POLLIN}}};
    if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return false;
    if (fds[1].revents != 0) return false;
    char events[4096];
    (void)!read(changes.get(), events, sizeof(events));
  }
}

std::string LauncherProcess::Errors() const {
  return ReadFile(directory_ + "/errors").value_or("");
}

std::vector<json> LauncherProcess::Records() const {
  std::vector<json> records;
  for (const std::string& line : SplitLines(ReadFile(results_path()).value_or(""))) {
    records.push_back(json::parse(line, nullptr, false));
  }
  return records;
}

std::vector<json> LauncherProcess::Records(const std::string& type) const {
  std::vector<json> records = Records();
  std::erase_if(records, [&](const json& r) { return !r.is_object() || r["record"] != type; });
  return records;
}

std::map<std::string, json> LauncherProcess::Results() const {
  std::map<std::string, json> results;
  for (const json& record : Records("result")) {
    const int iteration = record["iteration"];
    const std::string test = record["test"];
    results[iteration == 1 ? test : fmt::format("{}#{}", test, iteration)] = record;
  }
  return results;
}

std::vector<std::string> CgroupsOf(pid_t pid) {
  std::vector<std::string> found;
  const auto mounts = ReadMountInfo();
  if (!mounts) return found;
  for (const CgroupMount& mount : FindCgroups(*mounts).mounts) {
    for (const std::string& name : ListDirectories(mount.mount_point)) {
      if (name.starts_with(fmt::format("lxcspec.{}.", pid))) {
        found.push_back(mount.mount_point + "/" + name);
      }
    }
  }
  return found;
}

}  // namespace lxcspec::launcher
