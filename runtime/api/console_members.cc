// SPDX-License-Identifier: Apache-2.0
//
// Members that are about a running container's terminals.

#include <cerrno>
#include <mutex>
#include <utility>

#include "runtime/api/acting.h"
#include "runtime/api/handle.h"
#include "runtime/api/members.h"
#include "runtime/container/client.h"
#include "runtime/container/console/console_client.h"
#include "runtime/extensions/claims.h"

namespace lxcspec::runtime {
namespace {

// What clients run into as a matter of course: nothing to read, nobody to ask.
bool IsOrdinary(int code) {
  return code == ENODATA || code == ECONNREFUSED || code == EFAULT || code == EBADF;
}

// Leaves the errno, and what happened where it is out of the ordinary.
int Failed(abi::Container* client, const Error& error) {
  if (client != nullptr && !IsOrdinary(error.code)) {
    Handle& handle = Handle::Of(client);
    const std::lock_guard lock(handle.mutex());
    handle.Complain(error);
  }
  errno = error.code;
  return -error.code;
}

int ConsoleLog(abi::Container* client, abi::ConsoleLog* log) {
  // console_log.null_container
  if (client == nullptr) return Failed(client, {EINVAL, "console_log() of no container"});
  // console_log.null_request console_log.null_read_max
  if (log == nullptr || (log->read && log->read_max == nullptr)) {
    return Failed(client, {EINVAL, "console_log() without a request or its read_max"});
  }
  if (!IsSwitchedOn("console_log")) return Failed(client, {ENOSYS, "console_log()"});
  const ConsoleLogRequest request{.clear = log->clear,
                                  .read = log->read,
                                  .limit = log->read_max != nullptr ? *log->read_max : 0};
  Handle& handle = Handle::Of(client);
  const Address address = AddressOf(handle);
  auto bytes = QueryConsoleLog(handle.monitor(), address.place, request, address.patience);
  // Clients free what they find there, whatever is returned.
  log->data = nullptr;
  if (log->read_max != nullptr) *log->read_max = bytes ? bytes->size : 0;
  if (!bytes) return Failed(client, bytes.error());
  log->data = bytes->data.release();
  return 0;
}

int ConsoleGetfd(abi::Container* client, int* tty, int* primary_fd) {
  if (client == nullptr || tty == nullptr || primary_fd == nullptr) {
    Failed(client, {EINVAL, "console_getfd() without a container or room for its results"});
    return -1;
  }
  const Address address = AddressOf(Handle::Of(client));
  auto lent = BorrowTty(address.place, *tty, address.patience);
  if (!lent) {
    Failed(client, lent.error());
    return -1;
  }
  *tty = lent->number;
  *primary_fd = lent->primary.Release();
  return std::move(lent->connection).Release().Release();
}

int Console(abi::Container* client, int tty, int in, int out, int err, int escape) {
  if (client == nullptr) {
    Failed(client, {EINVAL, "console() of no container"});
    return -1;
  }
  const Address address = AddressOf(Handle::Of(client));
  const Status ran =
      RunProxy(address.place, {.tty = tty, .in = in, .out = out, .err = err, .escape = escape});
  if (ran) return 0;
  Failed(client, ran.error());
  return -1;
}

int DevptsFd(abi::Container* client) {
  // devpts_fd.null_container
  if (client == nullptr) return Failed(client, {EBADF, "devpts_fd() of no container"});
  if (!IsSwitchedOn("devpts_fd")) return Failed(client, {ENOSYS, "devpts_fd()"});
  const Address address = AddressOf(Handle::Of(client));
  // devpts_fd.stopped devpts_fd.after_stop
  auto fd = QueryDescriptor(address.place, Command::kDevptsFd, "", address.patience);
  return fd ? fd->Release() : Failed(client, fd.error());
}

}  // namespace

void SetConsoleMembers(abi::Container& members) {
  members.console = Console;
  members.console_getfd = ConsoleGetfd;
  members.console_log = ConsoleLog;
  members.devpts_fd = DevptsFd;
}

}  // namespace lxcspec::runtime
