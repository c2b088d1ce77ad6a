// SPDX-License-Identifier: Apache-2.0
//
// Members that ask what a container is doing, and wait for it.

#include <cerrno>
#include <cstring>
#include <mutex>
#include <string_view>

#include "runtime/api/acting.h"
#include "runtime/api/handle.h"
#include "runtime/api/members.h"
#include "runtime/container/client.h"
#include "runtime/container/lifecycle.h"
#include "runtime/extensions/claims.h"
#include "runtime/extensions/init_pidfd.h"
#include "runtime/extensions/seccomp_notify.h"
#include "runtime/extensions/seccomp_notify_fd_active.h"

namespace lxcspec::runtime {
namespace {

bool IsDefined(abi::Container* client) {
  if (client == nullptr) return false;
  Handle& handle = Handle::Of(client);
  const std::lock_guard lock(handle.mutex());
  return handle.container().IsDefined();
}

const char* StateOf(abi::Container* client) {
  if (client == nullptr) return nullptr;
  const Address address = AddressOf(Handle::Of(client));
  const auto state = CurrentState(address.place, address.patience);
  if (state) return StateName(*state);
  errno = state.error().code;
  // Somebody else's listener is no monitor. One that does not answer in time is, and clients
  // cannot do with NULL.
  return StateName(errno == EAGAIN ? State::kRunning : State::kStopped);
}

bool IsRunning(abi::Container* client) {
  const char* const state = StateOf(client);
  return state != nullptr && strcmp(state, StateName(State::kStopped)) != 0;
}

pid_t InitPid(abi::Container* client) {
  if (client == nullptr) {
    errno = EINVAL;
    return -1;
  }
  const Address address = AddressOf(Handle::Of(client));
  const auto pid = QueryInitPid(address.place, address.patience);
  if (pid) return *pid;
  errno = pid.error().code == ECONNREFUSED ? ESRCH : pid.error().code;
  return -1;
}

bool Wait(abi::Container* client, const char* state, int timeout) {
  if (client == nullptr || state == nullptr) {
    errno = EINVAL;
    return false;
  }
  Handle& handle = Handle::Of(client);
  const auto states = ParseStates(state);
  if (!states) {
    const std::lock_guard lock(handle.mutex());
    handle.Complain(states.error());
    return false;
  }
  // That the time is over is an answer, and not a failure to be logged.
  const auto waited = WaitForState(AddressOf(handle).place, *states, timeout);
  if (!waited) errno = waited.error().code;
  return waited.has_value();
}

char* GetRunningConfigItem(abi::Container* client, const char* key) {
  if (client == nullptr || key == nullptr) {
    errno = EINVAL;
    return nullptr;
  }
  const Address address = AddressOf(Handle::Of(client));
  const auto answer = Query(address.place, Command::kConfigItem, key, address.patience);
  if (answer) return Copy(answer->body);
  errno = answer.error().code;
  return nullptr;
}

// Whoever is let in by the monitor, or would be by one that the client starts.
bool MayControl(abi::Container* client) {
  if (client == nullptr) return false;
  const Address address = AddressOf(Handle::Of(client));
  const auto answer = Query(address.place, Command::kState, "", address.patience);
  return answer || (answer.error().code != EACCES && answer.error().code != EPERM);
}

int InitPidfd(abi::Container* client) {
  // init_pidfd.null_container
  if (client == nullptr) {
    errno = EBADF;
    return -EBADF;
  }
  if (!IsSwitchedOn("init_pidfd")) {
    errno = ENOSYS;
    return -ENOSYS;
  }
  const Address address = AddressOf(Handle::Of(client));
  auto pidfd = QueryInitPidfd(address.place, address.patience);
  // init_pidfd.caller_owns
  if (pidfd) return pidfd->Release();
  errno = InitPidfdError(pidfd.error().code);
  return -errno;
}

// The listener of a running container's filter, where the extension is switched on.
int SeccompListener(abi::Container* client, std::string_view extension, int (*error_for)(int)) {
  if (client == nullptr) {
    errno = EINVAL;
    return -EINVAL;
  }
  if (!IsSwitchedOn(extension)) {
    errno = ENOSYS;
    return -ENOSYS;
  }
  const Address address = AddressOf(Handle::Of(client));
  auto listener = QueryDescriptor(address.place, Command::kSeccompFd, "", address.patience);
  if (listener) return listener->Release();
  errno = error_for(listener.error().code);
  return -errno;
}

int SeccompNotifyFd(abi::Container* client) {
  return SeccompListener(client, "seccomp_notify", SeccompNotifyFdError);
}

int SeccompNotifyFdActive(abi::Container* client) {
  return SeccompListener(client, "seccomp_notify_fd_active", SeccompNotifyFdActiveError);
}

bool SetTimeout(abi::Container* client, int timeout) {
  if (client == nullptr || (timeout <= 0 && timeout != -1)) return false;
  client->rcv_timeout = timeout;
  return true;
}

}  // namespace

void SetStateMembers(abi::Container& members) {
  members.is_defined = IsDefined;
  members.state = StateOf;
  members.is_running = IsRunning;
  members.init_pid = InitPid;
  members.wait = Wait;
  members.get_running_config_item = GetRunningConfigItem;
  members.may_control = MayControl;
  members.init_pidfd = InitPidfd;
  members.seccomp_notify_fd = SeccompNotifyFd;
  members.seccomp_notify_fd_active = SeccompNotifyFdActive;
  members.set_timeout = SetTimeout;
}

}  // namespace lxcspec::runtime
