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

// In the flags of a call that is waited for no longer, where the kernel puts none.
constexpr uint32_t kGivenUp = UINT32_MAX;

// Long enough for any answer that a kernel may have.
constexpr size_t kMostAnswer = 256;

// Each of them waits for the listener's lock. A signal ends that wait, and nothing has been done.
template <typename Argument>
int Ask(const UniqueFd& listener, unsigned long request, Argument argument) {
  int answer = -1;
  do {
    answer = ioctl(listener.get(), request, argument);
  } while (answer != 0 && errno == EINTR);
  return answer;
}

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
  return Ask(listener, kSetFlags, kSyncWakeUp) == 0;
}

bool IsCallWaiting(const UniqueFd& listener, uint64_t id) {
  return Ask(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

Status AnswerCall(const UniqueFd& listener, const seccomp_notif_resp& answer,
                  const seccomp_notif_sizes& sizes) {
  // A larger struct of a newer kernel ends with zeros.
  alignas(seccomp_notif_resp) std::array<char, kMostAnswer> bytes{};
  memcpy(bytes.data(), &answer, std::min<size_t>(sizeof(answer), sizes.seccomp_notif_resp));
  if (Ask(listener, SECCOMP_IOCTL_NOTIF_SEND, bytes.data()) != 0) {
    return ErrnoFailure("ioctl(SECCOMP_IOCTL_NOTIF_SEND)");
  }
  return {};
}

CallReader::Watch::~Watch() {
  // A signal of it that is on its way has been handled when this returns.
  if (timer) timer_delete(*timer);
}

CallReader::CallReader(const seccomp_notif_sizes& sizes, std::unique_ptr<Watch> watch)
    : sizes_(sizes),
      watch_(std::move(watch)),
      call_(Words(std::max<size_t>(sizes.seccomp_notif, sizeof(seccomp_notif)))) {}

void CallReader::OnAlarm(int, siginfo_t* info, void*) {
  // Another one's alarm.
  if (info->si_code != SI_TIMER) return;
  Watch& watch = *static_cast<Watch*>(info->si_value.sival_ptr);
  if (seccomp_notif* const call = watch.waits_for) {
    // A wait that has not begun yet, and one that the kernel begins anew after a signal, is refused
    // with something in the buffer. A call that is there already has all but this.
    std::atomic_ref<uint32_t>(call->flags).store(kGivenUp);
    return;
  }
  if (watch.was_used.exchange(false)) return;
  const itimerspec off{};
  const int code = errno;
  timer_settime(*watch.timer, 0, &off, nullptr);
  errno = code;
  watch.is_on = false;
}

Result<CallReader> CallReader::Create() {
  const auto sizes = QueryNotificationSizes();
  if (!sizes) return Forward(sizes.error());
  struct sigaction handled {};
  handled.sa_sigaction = OnAlarm;
  // Nothing else shall fail for it.
  handled.sa_flags = SA_SIGINFO | SA_RESTART;
  if (sigaction(SIGALRM, &handled, nullptr) != 0) return ErrnoFailure("sigaction(SIGALRM)");
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  if (pthread_sigmask(SIG_UNBLOCK, &alarm, nullptr) != 0) return ErrnoFailure("pthread_sigmask()");
  auto watch = std::make_unique<Watch>();
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGALRM;
  event.sigev_value.sival_ptr = watch.get();
  event._sigev_un._tid = gettid();
  timer_t made = nullptr;
  if (timer_create(CLOCK_MONOTONIC, &event, &made) != 0) return ErrnoFailure("timer_create()");
  watch->timer = made;
  return CallReader(*sizes, std::move(watch));
}

Result<const seccomp_notif*> CallReader::Next(const UniqueFd& listener) {
  // The kernel refuses a buffer with something in it.
  std::fill(call_.begin(), call_.end(), 0);
  auto* const call = reinterpret_cast<seccomp_notif*>(call_.data());
  // In this order: the timer that is seen on stays on for once more.
  watch_->was_used = true;
  if (!watch_->is_on) {
    const itimerspec soon{.it_interval = {.tv_sec = 0, .tv_nsec = kGlance},
                          .it_value = {.tv_sec = 0, .tv_nsec = kGlance}};
    if (timer_settime(*watch_->timer, 0, &soon, nullptr) != 0) {
      return ErrnoFailure("timer_settime()");
    }
    watch_->is_on = true;
  }
  watch_->waits_for = call;
  const int received = ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, call);
  const int code = errno;
  watch_->waits_for = nullptr;
  const bool was_given_up = call->flags == kGivenUp;
  if (was_given_up) call->flags = 0;
  if (received == 0) return call;
  // The caller was killed, or somebody else took the call.
  if (code == ENOENT || code == EINTR || (code == EINVAL && was_given_up)) return nullptr;
  return Failure(code, "ioctl(SECCOMP_IOCTL_NOTIF_RECV)");
}

}  // namespace lxcspec::runtime
