// SPDX-License-Identifier: Apache-2.0
//
// The supervisor's side of a seccomp listener: seccomp_unotify(2), spoken directly to the kernel.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_SECCOMP_NOTIFY_H_
#define LXCSPEC_CONFORMANCE_HARNESS_SECCOMP_NOTIFY_H_

#include <linux/seccomp.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string>

#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {

// One system call that waits.
struct Notification {
  uint64_t id = 0;
  pid_t pid = 0;  // as this process's pid namespace has it
  long number = 0;
  uint32_t arch = 0;
  std::array<uint64_t, 6> arguments{};
};

// What the kernel's own structs have.
Notification FromKernel(const seccomp_notif& notification);

// The kernel's sizes of its structs, which may be larger than this program's.
Result<seccomp_notif_sizes> NotificationSizes();

// Waits until a call waits, and receives it. ETIMEDOUT.
Result<Notification> Receive(const UniqueFd& listener);

// The answers. ENOENT where no such call waits any longer.
Status AnswerValue(const UniqueFd& listener, uint64_t id, int64_t value);
Status AnswerErrno(const UniqueFd& listener, uint64_t id, int error);
Status AnswerContinue(const UniqueFd& listener, uint64_t id);

// Whether the call still waits: ENOENT where it does not.
Status CheckId(const UniqueFd& listener, uint64_t id);

// Whether a call waits that nobody has received.
bool HasPending(const UniqueFd& listener);

// Waits until the kernel says that no process has the listener's filter any longer.
Status AwaitHangUp(const UniqueFd& listener);

// The zero-terminated text at an address of a process.
Result<std::string> TextAt(pid_t pid, uint64_t address);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_SECCOMP_NOTIFY_H_
