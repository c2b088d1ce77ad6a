// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/attach/running.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/container/console/relay.h"
#include "runtime/kernel/pidfd.h"
#include "runtime/kernel/pty.h"

namespace lxcspec::runtime {
namespace {

// What Attach() reads of a configuration.
constexpr const char* kKeys[] = {"lxc.cap.drop",     "lxc.cap.keep",    "lxc.arch",
                                 "lxc.no_new_privs", "lxc.environment", "lxc.environment.runtime",
                                 "lxc.sched.core"};

Result<AttachTarget> TargetOf(const Place& place, Patience patience) {
  auto pidfd = QueryInitPidfd(place, patience);
  if (!pidfd) return Forward(std::move(pidfd).error());
  const auto pid = QueryInitPid(place, patience);
  if (!pid) return Forward(pid.error());
  return AttachTarget{.init_pidfd = *std::move(pidfd), .init_pid = *pid};
}

// The filter that the container's own processes have, for one more.
Status AddFilter(const Place& place, Patience patience, AttachRequest& request) {
  auto filter = QueryAttachFilter(place, patience);
  if (!filter) return Forward(std::move(filter).error());
  request.filter = *std::move(filter);
  request.take_listener = [place, patience](const UniqueFd& listener) {
    return GiveListener(place, listener, patience);
  };
  return {};
}

// The id outside of one that is inside of a process's user namespace.
std::optional<uint32_t> OutsideOf(pid_t process, uint32_t inside) {
  std::ifstream map(fmt::format("/proc/{}/uid_map", process));
  uint32_t first = 0;
  uint32_t outside = 0;
  uint32_t count = 0;
  while (map >> first >> outside >> count) {
    if (inside >= first && inside - first < count) return outside + (inside - first);
  }
  return std::nullopt;
}

// Programs open their terminal anew by its name. An ordinary user's cannot be given away.
void GiveTo(const AttachTarget& target, const UniqueFd& peer, uint32_t inside) {
  const auto owner = OutsideOf(target.init_pid, inside);
  if (!owner || HasEnded(target.init_pidfd)) return;
  [[maybe_unused]] const int given = fchown(peer.get(), *owner, static_cast<gid_t>(-1));
}

Result<Pty> PtyOf(const Place& place, Patience patience) {
  const auto devpts = QueryDescriptor(place, Command::kDevptsFd, "", patience);
  if (devpts) return OpenPtyOf(*devpts);
  // A container without a devpts of its own sees this machine's.
  if (devpts.error().code == EBADF) return OpenPty();
  return Forward(devpts.error());
}

int Terminal(int fd) { return fd >= 0 && isatty(fd) != 0 ? fd : -1; }

}  // namespace

Result<Config> ConfigOfRunning(const Place& place, Patience patience) {
  auto connection = MonitorConnection::Open(place, patience);
  if (!connection) return Forward(std::move(connection).error());
  Config config;
  for (const char* key : kKeys) {
    const auto answer = connection->Ask(Command::kConfigItem, key);
    if (!answer) return Forward(answer.error());
    for (const std::string& value : Words(answer->body, "\n")) TRY(config.Set(key, value));
  }
  return config;
}

Result<pid_t> AttachToRunning(const Place& place, AttachRequest request, Patience patience) {
  const auto config = ConfigOfRunning(place, patience);
  if (!config) return Forward(config.error());
  const auto target = TargetOf(place, patience);
  if (!target) return Forward(target.error());
  TRY(AddFilter(place, patience, request));
  return Attach(*target, *config, request);
}

Result<pid_t> AttachOnTerminal(const Place& place, AttachRequest request, Patience patience) {
  const auto config = ConfigOfRunning(place, patience);
  if (!config) return Forward(config.error());
  const auto target = TargetOf(place, patience);
  if (!target) return Forward(target.error());
  TRY(AddFilter(place, patience, request));
  auto pty = PtyOf(place, patience);
  if (!pty) return Forward(std::move(pty).error());
  GiveTo(*target, pty->peer, request.uid.value_or(0));
  // Before the process can ask for it.
  CopyWindowSize(request.standard[0], pty->primary.get());
  request.terminal = pty->peer.get();
  auto attached = Attach(*target, *config, request);
  if (!attached) return attached;
  pty->peer = UniqueFd();
  // Not reaped yet, so the number is its own.
  const auto pidfd = OpenPidfd(*attached);
  const int out = Terminal(request.standard[1]);
  // Where the user's terminal fails, its end hangs up on the process, which the caller waits for.
  static_cast<void>(RunRelay({.primary = pty->primary.get(),
                              .in = Terminal(request.standard[0]),
                              .out = out >= 0 ? out : Terminal(request.standard[2]),
                              .until = pidfd ? pidfd->get() : -1,
                              .on_resize = nullptr}));
  return attached;
}

}  // namespace lxcspec::runtime
