// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/cgroup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <system_error>

#include "runtime/base/text.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr mode_t kFolderMode = 0755;
// How long to wait before a look at what the kernel does not tell by itself.
constexpr milliseconds kGlance{1};

Result<UniqueFd> OpenFile(const Cgroup& cgroup, const std::string& file, int flags) {
  UniqueFd fd(openat(cgroup.fd(), file.c_str(), flags | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return ErrnoFailure(fmt::format("open({}/{})", cgroup.folder(), file));
  return fd;
}

const char* FileForOneself(int version) { return version == 1 ? "tasks" : "cgroup.procs"; }

// Waits for the kernel's word that a file of events has changed, or for a glance's time where
// there is no such file.
void AwaitChange(int events) {
  pollfd poll_events{.fd = events, .events = POLLPRI, .revents = 0};
  // A change between a read and this wait is not lost: the next glance sees it.
  constexpr int kLongestWait = 20;
  poll(&poll_events, 1, events >= 0 ? kLongestWait : static_cast<int>(kGlance.count()));
}

Result<std::string> ReadWhole(int fd, const std::string& what) {
  std::string text;
  std::array<char, 4096> part;
  for (off_t offset = 0;;) {
    const ssize_t count = TEMP_FAILURE_RETRY(pread(fd, part.data(), part.size(), offset));
    if (count < 0) return ErrnoFailure(fmt::format("read({})", what));
    text.append(part.data(), static_cast<size_t>(count));
    // The kernel hands out whole records, none of which is half as long as this: after fewer
    // bytes there is no other one.
    if (static_cast<size_t>(count) < part.size() / 2) return text;
    offset += count;
  }
}

bool HasLine(std::string_view text, std::string_view line) {
  const std::vector<std::string> lines = Words(text, "\n");
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

// Sends SIGKILL to the process if it still is in the cgroup once it is held by a pidfd.
void KillMember(const Cgroup& cgroup, pid_t process) {
  const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
  if (!pidfd.valid()) {
    // Without pidfds (before Linux 5.3) there is no other way.
    if (errno == ENOSYS) kill(process, SIGKILL);
    return;
  }
  const auto members = cgroup.Processes();
  if (!members || std::find(members->begin(), members->end(), process) == members->end()) return;
  syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
}

std::vector<std::string> Children(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_directory(error) && !entry.is_symlink(error)) {
      names.push_back(entry.path().filename());
    }
  }
  return names;
}

// Takes the caller's only thread there: first to the nearest cgroup above that takes processes,
// because a threaded one takes only threads of those that are in its domain. cgroups(7), "Thread
// mode"
Status EnterThreaded(const Cgroup& cgroup) {
  fs::path domain = cgroup.folder();
  std::string type;
  do {
    domain = domain.parent_path();
    const auto above = Cgroup::Open(domain, 2);
    if (!above) return Forward(above.error());
    // A hierarchy's root has no such file.
    type = above->Read("cgroup.type").value_or("");
  } while (HasLine(type, "threaded"));
  TRY(EnterCgroup(domain, 2));
  return cgroup.Write("cgroup.threads", "0");
}

Status RemoveUntil(const std::string& folder, Clock::time_point deadline) {
  for (const std::string& child : Children(folder)) {
    TRY(RemoveUntil(fmt::format("{}/{}", folder, child), deadline));
  }
  const UniqueFd events(open((folder + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  while (rmdir(folder.c_str()) != 0) {
    if (errno == ENOENT) return {};
    if (errno != EBUSY || Clock::now() > deadline) {
      return ErrnoFailure(fmt::format("rmdir({})", folder));
    }
    AwaitChange(events.get());
  }
  return {};
}

}  // namespace

Result<Cgroup> Cgroup::Open(const std::string& folder, int version) {
  UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoFailure(fmt::format("open({})", folder));
  return Cgroup(std::move(fd), folder, version);
}

Result<Cgroup> Cgroup::Make(const std::string& name) const {
  if (mkdirat(fd(), name.c_str(), kFolderMode) != 0) {
    return ErrnoFailure(fmt::format("mkdir({}/{})", folder_, name));
  }
  return Child(name);
}

Result<Cgroup> Cgroup::Child(const std::string& name) const {
  UniqueFd child(openat(fd(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!child.valid()) return ErrnoFailure(fmt::format("open({}/{})", folder_, name));
  return Cgroup(std::move(child), fmt::format("{}/{}", folder_, name), version_);
}

bool Cgroup::Has(const std::string& file) const {
  return faccessat(fd(), file.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

Result<std::string> Cgroup::Read(const std::string& file) const {
  const auto opened = OpenFile(*this, file, O_RDONLY);
  if (!opened) return Forward(opened.error());
  return ReadWhole(opened->get(), fmt::format("{}/{}", folder_, file));
}

Status Cgroup::Write(const std::string& file, std::string_view value) const {
  const auto opened = OpenFile(*this, file, O_WRONLY);
  if (!opened) return Forward(opened.error());
  if (TEMP_FAILURE_RETRY(write(opened->get(), value.data(), value.size())) < 0) {
    return ErrnoFailure(fmt::format("write({}/{}, \"{}\")", folder_, file, value));
  }
  return {};
}

Status Cgroup::Add(pid_t process) const {
  auto added =
      Write(process == 0 ? FileForOneself(version_) : "cgroup.procs", std::to_string(process));
  if (added || process != 0 || added.error().code != EOPNOTSUPP) return added;
  return EnterThreaded(*this);
}

Result<UniqueFd> Cgroup::OpenForOneself() const {
  return OpenFile(*this, FileForOneself(version_), O_WRONLY);
}

Result<std::vector<pid_t>> Cgroup::Processes() const {
  const auto text = Read("cgroup.procs");
  // Those of a threaded one are its domain's.
  if (!text && text.error().code == EOPNOTSUPP) return std::vector<pid_t>();
  if (!text) return Forward(text.error());
  std::vector<pid_t> processes;
  for (const std::string& word : Words(*text, "\n")) {
    if (const auto process = ParseUnsigned(word)) processes.push_back(static_cast<pid_t>(*process));
  }
  return processes;
}

Status Cgroup::SetFrozen(bool frozen) const {
  const bool second = version_ == 2;
  const char* file = second ? "cgroup.freeze" : "freezer.state";
  if (!Has(file)) return Failure(ENOSYS, fmt::format("{}: there is no {}", folder_, file));
  return Write(file, second ? (frozen ? "1" : "0") : (frozen ? "FROZEN" : "THAWED"));
}

Result<UniqueFd> Cgroup::OpenFreezeState() const {
  return OpenFile(*this, version_ == 2 ? "cgroup.events" : "freezer.state", O_RDONLY);
}

Result<bool> Cgroup::Is(bool frozen, const UniqueFd& state) const {
  const auto text = ReadWhole(state.get(), folder_);
  if (!text) return Forward(text.error());
  if (version_ == 2) return HasLine(*text, frozen ? "frozen 1" : "frozen 0");
  return HasLine(*text, frozen ? "FROZEN" : "THAWED");
}

Status Cgroup::Kill() const {
  if (Has("cgroup.kill")) return Write("cgroup.kill", "1");
  for (const std::string& name : Children(folder_)) {
    if (const auto child = Child(name)) TRY(child->Kill());
  }
  // Those that are born meanwhile are children of what dies: again, until none is left.
  constexpr int kRounds = 1000;
  for (int round = 0; round < kRounds; ++round) {
    const auto processes = Processes();
    if (!processes) return Forward(processes.error());
    if (processes->empty()) return {};
    for (const pid_t process : *processes) KillMember(*this, process);
    AwaitChange(-1);
  }
  return Failure(EBUSY, fmt::format("{}: killing its processes", folder_));
}

Status EnterCgroup(const std::string& folder, int version) {
  const std::string path = fmt::format("{}/{}", folder, FileForOneself(version));
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid()) return ErrnoFailure(fmt::format("open({})", path));
  if (write(file.get(), "0", 1) < 0) return ErrnoFailure(fmt::format("write({}, 0)", path));
  return {};
}

Status RemoveCgroup(const std::string& folder, milliseconds patience) {
  return RemoveUntil(folder, Clock::now() + patience);
}

}  // namespace lxcspec::runtime
