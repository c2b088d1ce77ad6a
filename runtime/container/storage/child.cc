// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/storage/child.h"

#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {
namespace {

// A packet between the two: an errno, and what was attempted. 0 says that all is well.
constexpr size_t kLongestPacket = 4096;

void Tell(const UniqueFd& socket, const Error& error) {
  std::string packet(reinterpret_cast<const char*>(&error.code), sizeof(error.code));
  packet += error.attempted.substr(0, kLongestPacket - sizeof(error.code));
  static_cast<void>(send(socket.get(), packet.data(), packet.size(), MSG_NOSIGNAL));
}

// What the other side says; nothing where it says no more.
Result<Error> Hear(const UniqueFd& socket) {
  std::array<char, kLongestPacket> packet;
  const ssize_t length = TEMP_FAILURE_RETRY(recv(socket.get(), packet.data(), packet.size(), 0));
  Error error;
  if (length < static_cast<ssize_t>(sizeof(error.code))) return Failure(ECONNRESET, "recv");
  memcpy(&error.code, packet.data(), sizeof(error.code));
  error.attempted.assign(packet.data() + sizeof(error.code), packet.data() + length);
  return error;
}

Status EnterNamespaces(const ChildNamespaces& namespaces, const UniqueFd& socket) {
  const bool maps = !namespaces.id_maps.empty();
  const int flags = (maps ? CLONE_NEWUSER : 0) | (namespaces.mounts ? CLONE_NEWNS : 0);
  if (flags != 0 && unshare(flags) != 0) return ErrnoFailure("unshare");
  if (maps) {
    Tell(socket, {.code = 0, .attempted = ""});
    const auto heard = Hear(socket);
    if (!heard) return Forward(heard.error());
    if (setgroups(0, nullptr) != 0) return ErrnoFailure("setgroups");
    if (setresgid(0, 0, 0) != 0) return ErrnoFailure("setresgid");
    if (setresuid(0, 0, 0) != 0) return ErrnoFailure("setresuid");
    // A change of ids clears it.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return ErrnoFailure("prctl");
  }
  if (namespaces.mounts && mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) {
    return ErrnoFailure("mount(/, slave)");
  }
  return {};
}

[[noreturn]] void BeChild(const ChildNamespaces& namespaces, const std::function<Status()>& work,
                          pid_t parent, const UniqueFd& socket) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(EXIT_FAILURE);
  Status done = EnterNamespaces(namespaces, socket);
  if (done) done = work();
  if (!done) Tell(socket, done.error());
  _exit(done ? EXIT_SUCCESS : EXIT_FAILURE);
}

Status Ending(pid_t child) {
  int status = 0;
  if (TEMP_FAILURE_RETRY(waitpid(child, &status, 0)) != child) return ErrnoFailure("waitpid");
  if (WIFSIGNALED(status)) {
    return Failure(ECANCELED, fmt::format("ended by signal {}", WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) != 0) {
    return Failure(ECANCELED, fmt::format("exited with {}", WEXITSTATUS(status)));
  }
  return {};
}

// Answers the child where it needs maps, and returns what it failed with, if it says so.
Status Attend(const ChildNamespaces& namespaces, pid_t child, const UniqueFd& socket) {
  auto heard = Hear(socket);
  if (heard && heard->code == 0) {
    TRY(WriteIdMaps(child, namespaces.id_maps));
    Tell(socket, {.code = 0, .attempted = ""});
    heard = Hear(socket);
  }
  // Silence means that it went well, or is another program by now: its exit status says more.
  if (!heard) return {};
  return Forward(*std::move(heard));
}

// Whether the child has said something, or has ended.
bool IsHeardWithin(const UniqueFd& socket, std::chrono::milliseconds limit) {
  pollfd polled{.fd = socket.get(), .events = POLLIN, .revents = 0};
  return TEMP_FAILURE_RETRY(poll(&polled, 1, static_cast<int>(limit.count()))) > 0;
}

Status Run(const ChildNamespaces& namespaces, const std::function<Status()>& work,
           std::optional<std::chrono::milliseconds> limit) {
  std::array<int, 2> ends;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return ErrnoFailure("socketpair");
  }
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return ErrnoFailure("fork");
  if (child == 0) {
    ours = UniqueFd();
    BeChild(namespaces, work, parent, theirs);
  }
  theirs = UniqueFd();
  if (limit && !IsHeardWithin(ours, *limit)) {
    kill(child, SIGKILL);
    constexpr std::chrono::milliseconds kUntilKilled(500);
    if (IsHeardWithin(ours, kUntilKilled)) static_cast<void>(Ending(child));
    return Failure(ETIMEDOUT, fmt::format("wait for a child for {} ms", limit->count()));
  }
  Status attended = Attend(namespaces, child, ours);
  // A child that waits for its maps learns that there are none.
  ours = UniqueFd();
  Status ended = Ending(child);
  return attended ? ended : attended;
}

}  // namespace

Status RunInChild(const ChildNamespaces& namespaces, const std::function<Status()>& work) {
  return Run(namespaces, work, std::nullopt);
}

Status RunInChildWithin(std::chrono::milliseconds limit, const std::function<Status()>& work) {
  return Run({}, work, limit);
}

std::vector<IdRange> MapsWithOwner(const Config& config) {
  std::vector<IdRange> maps;
  std::array<uint32_t, 2> free = {0, 0};
  for (const std::string& value : config.Values("lxc.idmap")) {
    const std::vector<std::string> fields = Words(value);
    constexpr size_t kFields = 4;
    if (fields.size() != kFields) continue;
    const auto number = [&](size_t at) {
      return static_cast<uint32_t>(ParseUnsigned(fields[at]).value_or(0));
    };
    IdRange range{.kind = fields[0] == "g" ? IdKind::kGroup : IdKind::kUser,
                  .inside = number(1),
                  .outside = number(2),
                  .count = number(3)};
    const auto add = [&](IdKind kind) {
      range.kind = kind;
      uint32_t& next = free.at(kind == IdKind::kUser ? 0 : 1);
      next = std::max(next, range.inside + range.count);
      maps.push_back(range);
    };
    if (fields[0] == "b") {
      add(IdKind::kUser);
      add(IdKind::kGroup);
    } else {
      add(range.kind);
    }
  }
  if (maps.empty()) return maps;
  const auto add_owner = [&](IdKind kind, uint32_t own) {
    // A range that has the id already is all there is to it.
    const bool within = std::any_of(maps.begin(), maps.end(), [&](const IdRange& range) {
      return range.kind == kind && own >= range.outside && own - range.outside < range.count;
    });
    if (within) return;
    maps.push_back({.kind = kind,
                    .inside = free.at(kind == IdKind::kUser ? 0 : 1),
                    .outside = own,
                    .count = 1});
  };
  add_owner(IdKind::kUser, geteuid());
  add_owner(IdKind::kGroup, getegid());
  return maps;
}

uint32_t OwnerWithin(const std::vector<IdRange>& maps, IdKind kind) {
  const uint32_t own = kind == IdKind::kUser ? geteuid() : getegid();
  for (const IdRange& range : maps) {
    if (range.kind == kind && own >= range.outside && own - range.outside < range.count) {
      return range.inside + (own - range.outside);
    }
  }
  return 0;
}

ChildNamespaces ForFilesOf(const Config& config) {
  if (geteuid() == 0) return {};
  return {.id_maps = MapsWithOwner(config), .mounts = false};
}

}  // namespace lxcspec::runtime
