// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/seccomp/notify.h"

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace lxcspec::runtime {
namespace {

// SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP; older headers lack them.
constexpr unsigned long kSetFlags = SECCOMP_IOW(4, uint64_t);
constexpr uint64_t kSyncWakeUp = 1;

// How long a call that is gone may be waited for, in nanoseconds. A timer that goes off before the
// kernel's next tick would cost much more to set.
constexpr long kGlance = 10'000'000;

// Long enough for any answer that a kernel may have.
constexpr size_t kMostAnswer = 256;

size_t Words(size_t bytes) { return (bytes + sizeof(uint64_t) - 1) / sizeof(uint64_t); }

}  // namespace

bool HasSeccompNotify() {
  const uint32_t action = SECCOMP_RET_USER_NOTIF;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 &&
         QueryNotificationSizes().has_value();
}

Result<seccomp_notif_sizes> QueryNotificationSizes() {
  seccomp_notif_sizes sizes{};
  if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0) {
    return ErrnoFailure("seccomp(SECCOMP_GET_NOTIF_SIZES)");
  }
  if (sizes.seccomp_notif_resp > kMostAnswer) {
    return Failure(EMSGSIZE, "seccomp(SECCOMP_GET_NOTIF_SIZES)");
  }
  return sizes;
}

bool WakeSynchronously(const UniqueFd& listener) {
  return ioctl(listener.get(), kSetFlags, kSyncWakeUp) == 0;
}

bool IsCallWaiting(const UniqueFd& listener, uint64_t id) {
  return ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

Status AnswerCall(const UniqueFd& listener, const seccomp_notif_resp& answer,
                  const seccomp_notif_sizes& sizes) {
  // A larger struct of a newer kernel ends with zeros.
  alignas(seccomp_notif_resp) std::array<char, kMostAnswer> bytes{};
  memcpy(bytes.data(), &answer, std::min<size_t>(sizeof(answer), sizes.seccomp_notif_resp));
  if (ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_SEND, bytes.data()) != 0) {
    return ErrnoFailure("ioctl(SECCOMP_IOCTL_NOTIF_SEND)");
  }
  return {};
}

void CallReader::DeleteTimer::operator()(timer_t* timer) const {
  timer_delete(*timer);
  delete timer;
}

CallReader::CallReader(const seccomp_notif_sizes& sizes, Timer timer)
    : sizes_(sizes),
      timer_(std::move(timer)),
      call_(Words(std::max<size_t>(sizes.seccomp_notif, sizeof(seccomp_notif)))) {}

Result<CallReader> CallReader::Create() {
  const auto sizes = QueryNotificationSizes();
  if (!sizes) return Forward(sizes.error());
  struct sigaction nothing {};
  nothing.sa_handler = [](int) {};
  if (sigaction(SIGALRM, &nothing, nullptr) != 0) return ErrnoFailure("sigaction(SIGALRM)");
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  if (pthread_sigmask(SIG_UNBLOCK, &alarm, nullptr) != 0) return ErrnoFailure("pthread_sigmask()");
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGALRM;
  event._sigev_un._tid = gettid();
  timer_t made = nullptr;
  if (timer_create(CLOCK_MONOTONIC, &event, &made) != 0) return ErrnoFailure("timer_create()");
  return CallReader(*sizes, Timer(new timer_t(made)));
}

Result<const seccomp_notif*> CallReader::Next(const UniqueFd& listener) {
  // The kernel refuses a buffer with something in it.
  std::fill(call_.begin(), call_.end(), 0);
  // Again and again: the first may come before the wait begins.
  const itimerspec soon{.it_interval = {.tv_sec = 0, .tv_nsec = kGlance},
                        .it_value = {.tv_sec = 0, .tv_nsec = kGlance}};
  const itimerspec off{};
  if (timer_settime(*timer_, 0, &soon, nullptr) != 0) return ErrnoFailure("timer_settime()");
  const int received = ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, call_.data());
  const int code = errno;
  timer_settime(*timer_, 0, &off, nullptr);
  if (received == 0) return reinterpret_cast<const seccomp_notif*>(call_.data());
  // The caller was killed, or somebody else took the call.
  if (code == ENOENT || code == EINTR) return nullptr;
  return Failure(code, "ioctl(SECCOMP_IOCTL_NOTIF_RECV)");
}

}  // namespace lxcspec::runtime
