// SPDX-License-Identifier: Apache-2.0
//
// Members about mounts in a running container.

#include <cerrno>
#include <mutex>
#include <string>
#include <utility>

#include "runtime/api/acting.h"
#include "runtime/api/handle.h"
#include "runtime/api/members.h"
#include "runtime/container/client.h"
#include "runtime/container/injection/injection.h"
#include "runtime/extensions/claims.h"

namespace lxcspec::runtime {
namespace {

std::string TextOf(const void* text) {
  return text == nullptr ? "" : static_cast<const char*>(text);
}

// mount_injection.failure_is_negative
int Answer(abi::Container* client, const Status& done) {
  if (done) return 0;
  Handle& handle = Handle::Of(client);
  const std::lock_guard lock(handle.mutex());
  handle.Complain(done.error());
  errno = done.error().code;
  return -errno;
}

// mount_injection.null_container
int OfNoContainer() {
  errno = EINVAL;
  return -EINVAL;
}

// `change` gets the container's init.
template <typename Change>
Status ChangeMounts(const Target& target, Change change) {
  if (!IsSwitchedOn("mount_injection")) return Failure(ENOSYS, "mount injection");
  // Asked for first: if this process is still alive afterwards, the number is its own.
  // mount_injection.stopped
  const auto pidfd = QueryInitPidfd(target.place, target.patience);
  if (!pidfd) return Forward(pidfd.error());
  const auto pid = QueryInitPid(target.place, target.patience);
  if (!pid) return Forward(pid.error());
  return change(*pidfd, *pid);
}

// What the container runs with: a client may have another configuration for it by now.
Result<ExchangeFolder> ExchangeFolderOfRunning(const Target& target) {
  const auto words = Query(target.place, Command::kConfigItem, "lxc.mount.auto", target.patience);
  if (!words) return Forward(words.error());
  return ExchangeFolderOf(words->body);
}

// Nothing is read from `lxc_mount`: there is one version, and clients leave it out.
int Mount(abi::Container* client, const char* source, const char* target, const char* type,
          unsigned long flags, const void* data, abi::Mount* /*lxc_mount*/) {
  if (client == nullptr) return OfNoContainer();
  const InjectedMount request{.source = TextOf(source),
                              .target = TextOf(target),
                              .type = TextOf(type),
                              .flags = WithoutMagic(flags),
                              .data = TextOf(data)};
  const Target container = TargetOf(Handle::Of(client));
  return Answer(client, ChangeMounts(container, [&](const UniqueFd& pidfd, pid_t pid) {
                  return InjectMount(pidfd, pid, request,
                                     [&] { return ExchangeFolderOfRunning(container); });
                }));
}

int Umount(abi::Container* client, const char* target, unsigned long flags,
           abi::Mount* /*lxc_mount*/) {
  if (client == nullptr) return OfNoContainer();
  return Answer(client,
                ChangeMounts(TargetOf(Handle::Of(client)), [&](const UniqueFd& pidfd, pid_t pid) {
                  return RemoveMount(pidfd, pid, TextOf(target), flags);
                }));
}

}  // namespace

void SetMountMembers(abi::Container& members) {
  members.mount = Mount;
  members.umount = Umount;
}

}  // namespace lxcspec::runtime
