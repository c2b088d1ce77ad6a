// SPDX-License-Identifier: Apache-2.0
//
// The probes of needs.yaml that are about seccomp.

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <string>
#include <vector>

#include "conformance/harness/child.h"
#include "conformance/harness/need_probes.h"
#include "conformance/harness/waiting.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

// The system call that is filtered: it has no effect, and nothing else here makes it.
constexpr unsigned kFiltered = SYS_getppid;
constexpr long kAnswer = 4711;

// Filters the calling process's kFiltered; returns a listener where the flags ask for one.
Result<UniqueFd> LoadFilter(unsigned action, unsigned flags) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ, kFiltered, 0, 1),
      BPF_STMT(BPF_RET, action),
      BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = 4, .filter = filter};
  const long loaded = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
  if (loaded < 0) return FailErrno("seccomp(SECCOMP_SET_MODE_FILTER)");
  return UniqueFd(flags != 0 ? static_cast<int>(loaded) : -1);
}

// A child whose call waits for an answer, which this process gives it.
Status AnswerAChild(bool go_on) {
  ASSIGN_OR_RETURN(const UniqueFd listener,
                   LoadFilter(SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER));
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return FailErrno("fork");
  if (child == 0) _exit(syscall(kFiltered) == (go_on ? parent : kAnswer) ? 0 : 1);

  std::vector<unsigned char> buffer(4096);  // larger than any kernel's
  auto* const notification = reinterpret_cast<seccomp_notif*>(buffer.data());
  Status answered;
  if (!AwaitReadable(listener.get())) {
    answered = Fail(ETIMEDOUT, "poll a seccomp listener");
  } else if (ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, notification) != 0) {
    answered = FailErrno("ioctl(SECCOMP_IOCTL_NOTIF_RECV)");
  } else {
    seccomp_notif_resp answer{};
    answer.id = notification->id;
    if (go_on) {
      answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    } else {
      answer.val = kAnswer;
    }
    if (ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer) != 0) {
      answered = FailErrno("ioctl(SECCOMP_IOCTL_NOTIF_SEND)");
    }
  }
  if (!answered) kill(child, SIGKILL);
  int status = 0;
  if (waitpid(child, &status, 0) < 0) return FailErrno("waitpid");
  RETURN_IF_ERROR(answered);
  return status == 0 ? Status() : Fail(EPROTO, "a child's call returned something else");
}

}  // namespace

Result<std::string> ProbeSeccompFilter() {
  RETURN_IF_ERROR(RunInChild(0, "filter a system call", []() -> Status {
    ASSIGN_OR_RETURN(const UniqueFd none, LoadFilter(SECCOMP_RET_ERRNO | EDOM, 0));
    if (syscall(kFiltered) == -1 && errno == EDOM) return {};
    return Fail(EPROTO, "a filtered call");
  }));
  return "a filter made a system call fail with the errno that it chose";
}

Result<std::string> ProbeSeccompNotify() {
  RETURN_IF_ERROR(RunInChild(0, "answer a system call", [] { return AnswerAChild(false); }));
  return "a child's system call returned what a listener's owner answered";
}

Result<std::string> ProbeSeccompNotifyContinue() {
  RETURN_IF_ERROR(RunInChild(0, "have a system call continue", [] { return AnswerAChild(true); }));
  return "a child's system call was executed after a listener's owner let it continue";
}

Result<std::string> ProbeCompatX86() {
#if defined(__x86_64__)
  RETURN_IF_ERROR(RunInChild(0, "getpid by int 0x80", []() -> Status {
    constexpr long kCompatGetpid = 20;
    long returned = kCompatGetpid;
    asm volatile("int $0x80" : "+a"(returned) : : "memory", "r8", "r9", "r10", "r11");
    return returned == getpid() ? Status() : Fail(ENOSYS, "int 0x80");
  }));
  return "getpid by int 0x80 returned the process's id";
#else
  return Fail(ENOSYS, "another architecture than x86-64");
#endif
}

}  // namespace lxcspec
