// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/seccomp_notify.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "conformance/harness/waiting.h"

namespace lxcspec {
namespace {

Status Send(const UniqueFd& listener, const seccomp_notif_resp& answer) {
  ASSIGN_OR_RETURN(const seccomp_notif_sizes sizes, NotificationSizes());
  std::vector<unsigned char> buffer(std::max<size_t>(sizes.seccomp_notif_resp, sizeof(answer)));
  std::memcpy(buffer.data(), &answer, sizeof(answer));
  if (ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_SEND, buffer.data()) != 0) {
    return FailErrno("ioctl(SECCOMP_IOCTL_NOTIF_SEND)");
  }
  return {};
}

}  // namespace

Notification FromKernel(const seccomp_notif& notification) {
  Notification result{.id = notification.id,
                      .pid = static_cast<pid_t>(notification.pid),
                      .number = notification.data.nr,
                      .arch = notification.data.arch};
  std::copy_n(notification.data.args, result.arguments.size(), result.arguments.begin());
  return result;
}

Result<seccomp_notif_sizes> NotificationSizes() {
  seccomp_notif_sizes sizes{};
  if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0) {
    return FailErrno("seccomp(SECCOMP_GET_NOTIF_SIZES)");
  }
  return sizes;
}

Result<Notification> Receive(const UniqueFd& listener) {
  ASSIGN_OR_RETURN(const seccomp_notif_sizes sizes, NotificationSizes());
  const Deadline deadline;
  while (true) {
    ASSIGN_OR_RETURN(const short events, AwaitReadable(listener.get()));
    if ((events & POLLIN) == 0) return Fail(EPIPE, "poll a listener: no process has its filter");
    // The kernel refuses a buffer that has anything in it.
    std::vector<unsigned char> buffer(std::max<size_t>(sizes.seccomp_notif, sizeof(seccomp_notif)));
    if (ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, buffer.data()) == 0) {
      seccomp_notif notification{};
      std::memcpy(&notification, buffer.data(), sizeof(notification));
      return FromKernel(notification);
    }
    // The call that was announced may have ended.
    if ((errno != ENOENT && errno != EINTR) || deadline.Passed()) {
      return FailErrno("ioctl(SECCOMP_IOCTL_NOTIF_RECV)");
    }
  }
}

Status AnswerValue(const UniqueFd& listener, uint64_t id, int64_t value) {
  return Send(listener, {.id = id, .val = value, .error = 0, .flags = 0});
}

Status AnswerErrno(const UniqueFd& listener, uint64_t id, int error) {
  return Send(listener, {.id = id, .val = 0, .error = -error, .flags = 0});
}

Status AnswerContinue(const UniqueFd& listener, uint64_t id) {
  return Send(listener,
              {.id = id, .val = 0, .error = 0, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE});
}

Status CheckId(const UniqueFd& listener, uint64_t id) {
  if (ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) != 0) {
    return FailErrno("ioctl(SECCOMP_IOCTL_NOTIF_ID_VALID)");
  }
  return {};
}

bool HasPending(const UniqueFd& listener) {
  pollfd entry{.fd = listener.get(), .events = POLLIN, .revents = 0};
  return poll(&entry, 1, 0) == 1 && (entry.revents & POLLIN) != 0;
}

Status AwaitHangUp(const UniqueFd& listener) {
  ASSIGN_OR_RETURN(const short events, AwaitEvents(listener.get(), 0));
  if ((events & POLLHUP) == 0) return Fail(EPROTO, fmt::format("poll a listener: {:#x}", events));
  return {};
}

Result<std::string> TextAt(pid_t pid, uint64_t address) {
  const std::string path = fmt::format("/proc/{}/mem", pid);
  UniqueFd memory(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!memory) return FailErrno("open(/proc/PID/mem)");
  char text[256];
  const ssize_t got = pread(memory.get(), text, sizeof(text), static_cast<off_t>(address));
  if (got < 0) return FailErrno("read(/proc/PID/mem)");
  return std::string(text, strnlen(text, static_cast<size_t>(got)));
}

}  // namespace lxcspec
