// SPDX-License-Identifier: Apache-2.0
//
// A filter's listener: the calls that wait for an answer, and the answers. seccomp_unotify(2)

#ifndef LXCSPEC_RUNTIME_KERNEL_SECCOMP_NOTIFY_H_
#define LXCSPEC_RUNTIME_KERNEL_SECCOMP_NOTIFY_H_

#include <linux/seccomp.h>
#include <poll.h>
#include <time.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

// Whether this kernel lets a filter ask. Found out by asking it.
bool HasSeccompNotify();

// How large this kernel's structs are, which grow with its versions.
Result<seccomp_notif_sizes> QueryNotificationSizes();

// Lets the kernel hand the processor over directly between a caller and who answers it, for all who
// hold the listener. Whether it can.
bool WakeSynchronously(const UniqueFd& listener);

// Whether nobody is left who could make a call, by what a listener polls, as poll(2) or
// epoll_wait(2) has it. POLLERR says nothing of it: the kernel answers that where a signal came
// while the listener was busy, seccomp_notify_poll() in kernel/seccomp.c, and the next poll answers
// as ever.
constexpr bool HasLastCallerGone(uint32_t events) { return (events & POLLHUP) != 0; }

// Whether the call still waits: its caller may have been killed, and its number be another's.
bool IsCallWaiting(const UniqueFd& listener, uint64_t id);

// ENOENT where the call waits no longer. EINVAL for what is no answer.
Status AnswerCall(const UniqueFd& listener, const seccomp_notif_resp& answer,
                  const seccomp_notif_sizes& sizes);

// Takes calls from listeners that are readable, for the thread that made it. The kernel keeps who
// asks for a call waiting until there is one, and the one that was there may be gone: so SIGALRM,
// whose handler this takes over for the process, ends a wait soon. Its timer goes off again and
// again while calls are taken, and is switched off by its handler when there are none: so it costs
// a busy reader no system call.
class CallReader {
 public:
  static Result<CallReader> Create();

  // The next call, in bytes of the kernel's size for it, until the next one is asked for; nothing
  // where there is none any more.
  Result<const seccomp_notif*> Next(const UniqueFd& listener);

  const seccomp_notif_sizes& sizes() const { return sizes_; }

 private:
  // What the handler is told, which is called in between anything.
  struct Watch {
    ~Watch();

    // Zero is one, as any other number.
    std::optional<timer_t> timer;
    std::atomic<bool> is_on = false;
    // Since the timer went off last.
    std::atomic<bool> was_used = false;
    // Where the kernel puts a call that is waited for.
    std::atomic<seccomp_notif*> waits_for = nullptr;
  };

  CallReader(const seccomp_notif_sizes& sizes, std::unique_ptr<Watch> watch);

  static void OnAlarm(int signal, siginfo_t* info, void* context);

  seccomp_notif_sizes sizes_;
  // At a place that does not move.
  std::unique_ptr<Watch> watch_;
  // Aligned for what is in it.
  std::vector<uint64_t> call_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_SECCOMP_NOTIFY_H_
