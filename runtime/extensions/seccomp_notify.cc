// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/seccomp_notify.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "runtime/kernel/seccomp/notify.h"

namespace lxcspec::runtime {
namespace {

// MAX_ERRNO of the kernel.
constexpr int32_t kLastErrno = 4095;

}  // namespace

Status NotifyCanBeHad(bool is_switched_on) {
  if (!is_switched_on) return Failure(ENOSYS, "notify: seccomp_notify is switched off");
  if (!HasSeccompNotify()) return Failure(ENOSYS, "notify: this kernel notifies nobody of calls");
  return {};
}

Result<UniqueFd> ListenerForClient(const UniqueFd& listener) {
  if (!listener.valid()) return Failure(EBADF, "the container's filter has no listener");
  UniqueFd copy(fcntl(listener.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return ErrnoFailure("fcntl(F_DUPFD_CLOEXEC)");
  return copy;
}

int SeccompNotifyFdError(int code) {
  // A monitor that is not there, or ends while it is asked.
  if (code == ECONNREFUSED || code == ECONNRESET || code == EPIPE) return EBADF;
  return code;
}

seccomp_notif_resp UnansweredCall(uint64_t id) {
  return {.id = id, .val = 0, .error = -ENOSYS, .flags = 0};
}

std::optional<seccomp_notif_resp> CheckedAnswer(std::string_view bytes, uint64_t id) {
  seccomp_notif_resp answer{};
  if (bytes.size() < sizeof(answer)) return std::nullopt;
  memcpy(&answer, bytes.data(), sizeof(answer));
  constexpr uint32_t kContinue = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  if (answer.id != id || (answer.flags & ~kContinue) != 0) return std::nullopt;
  if (answer.flags == kContinue && (answer.error != 0 || answer.val != 0)) return std::nullopt;
  if (answer.error > 0 || answer.error < -kLastErrno) return std::nullopt;
  return answer;
}

}  // namespace lxcspec::runtime
