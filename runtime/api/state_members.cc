// SPDX-License-Identifier: Apache-2.0

#include <cerrno>
#include <cstring>
#include <mutex>

#include "runtime/api/handle.h"
#include "runtime/api/members.h"

namespace lxcspec::runtime {
namespace {

constexpr char kStopped[] = "STOPPED";

bool IsDefined(abi::Container* client) {
  if (client == nullptr) return false;
  Handle& handle = Handle::Of(client);
  const std::lock_guard lock(handle.mutex());
  return handle.container().IsDefined();
}

const char* State(abi::Container* client) { return client != nullptr ? kStopped : nullptr; }

bool IsRunning(abi::Container*) { return false; }

pid_t InitPid(abi::Container*) {
  errno = ESRCH;
  return -1;
}

bool Wait(abi::Container* client, const char* state, int) {
  if (client == nullptr || state == nullptr) return false;
  // No other state will ever come, so waiting for it would never end.
  return strcmp(state, kStopped) == 0;
}

// There is nothing to stop.
bool Stop(abi::Container* client) { return client != nullptr; }
bool Shutdown(abi::Container* client, int) { return client != nullptr; }

char* GetRunningConfigItem(abi::Container*, const char*) { return nullptr; }

bool MayControl(abi::Container* client) { return client != nullptr; }

// What asks the container's monitor, which only a running container has.
int AskMonitor(abi::Container* client) {
  const int code = client != nullptr ? ECONNREFUSED : EBADF;
  errno = code;
  return -code;
}

int ConsoleLog(abi::Container* client, abi::ConsoleLog* log) {
  const int code = client != nullptr && log != nullptr ? ECONNREFUSED : EINVAL;
  errno = code;
  return -code;
}

bool SetTimeout(abi::Container* client, int timeout) {
  if (client == nullptr || (timeout <= 0 && timeout != -1)) return false;
  client->rcv_timeout = timeout;
  return true;
}

}  // namespace

void SetStateMembers(abi::Container& members) {
  members.is_defined = IsDefined;
  members.state = State;
  members.is_running = IsRunning;
  members.init_pid = InitPid;
  members.wait = Wait;
  members.stop = Stop;
  members.shutdown = Shutdown;
  members.get_running_config_item = GetRunningConfigItem;
  members.may_control = MayControl;
  members.console_log = ConsoleLog;
  members.init_pidfd = AskMonitor;
  members.devpts_fd = AskMonitor;
  members.seccomp_notify_fd = AskMonitor;
  members.seccomp_notify_fd_active = AskMonitor;
  members.set_timeout = SetTimeout;
}

}  // namespace lxcspec::runtime
