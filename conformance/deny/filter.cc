// SPDX-License-Identifier: Apache-2.0

#include "conformance/deny/filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace lxcspec {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the audit number of this architecture is not known here"
#endif

struct Call {
  std::string_view name;
  uint32_t number;
};

// From 424 on, every architecture that this builds for has the same numbers; the headers of the
// machine that builds may be older than the kernels that are tested.
constexpr std::array kCalls = {
    Call{"statx", SYS_statx},
    Call{"memfd_create", SYS_memfd_create},
    Call{"seccomp", SYS_seccomp},
    Call{"bpf", SYS_bpf},
    Call{"copy_file_range", SYS_copy_file_range},
    Call{"rseq", SYS_rseq},
    Call{"pidfd_send_signal", 424},
    Call{"io_uring_setup", 425},
    Call{"io_uring_enter", 426},
    Call{"io_uring_register", 427},
    Call{"open_tree", 428},
    Call{"move_mount", 429},
    Call{"fsopen", 430},
    Call{"fsconfig", 431},
    Call{"fsmount", 432},
    Call{"fspick", 433},
    Call{"pidfd_open", 434},
    Call{"clone3", 435},
    Call{"close_range", 436},
    Call{"openat2", 437},
    Call{"pidfd_getfd", 438},
    Call{"faccessat2", 439},
    Call{"process_madvise", 440},
    Call{"epoll_pwait2", 441},
    Call{"mount_setattr", 442},
    Call{"quotactl_fd", 443},
    Call{"landlock_create_ruleset", 444},
    Call{"landlock_add_rule", 445},
    Call{"landlock_restrict_self", 446},
    Call{"memfd_secret", 447},
    Call{"process_mrelease", 448},
    Call{"futex_waitv", 449},
    Call{"set_mempolicy_home_node", 450},
    Call{"cachestat", 451},
    Call{"fchmodat2", 452},
    Call{"map_shadow_stack", 453},
    Call{"futex_wake", 454},
    Call{"futex_wait", 455},
    Call{"futex_requeue", 456},
    Call{"statmount", 457},
    Call{"listmount", 458},
    Call{"lsm_get_self_attr", 459},
    Call{"lsm_set_self_attr", 460},
    Call{"lsm_list_modules", 461},
    Call{"mseal", 462},
    Call{"setxattrat", 463},
    Call{"getxattrat", 464},
    Call{"listxattrat", 465},
    Call{"removexattrat", 466},
    Call{"open_tree_attr", 467},
    Call{"file_getattr", 468},
    Call{"file_setattr", 469},
    Call{"listns", 470},
};

constexpr std::string_view kWaitidPidfd = "waitid_pidfd";
constexpr uint32_t kPidfdIdType = 3;

std::optional<uint32_t> NumberOf(std::string_view name) {
  for (const Call& call : kCalls) {
    if (call.name == name) return call.number;
  }
  return std::nullopt;
}

sock_filter Statement(uint16_t code, uint32_t value) { return BPF_STMT(code, value); }

// Goes on with the next statement if the accumulator is `value`, and leaves out `skipped`
// otherwise.
sock_filter SkipUnlessEqual(uint32_t value, uint8_t skipped) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped);
}

constexpr uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;
constexpr uint16_t kReturn = BPF_RET | BPF_K;
constexpr uint32_t kNumberOffset = offsetof(seccomp_data, nr);
// Both architectures are little-endian: the low half of an argument comes first.
constexpr uint32_t kFirstArgumentOffset = offsetof(seccomp_data, args);

void AddCall(std::vector<sock_filter>& filter, uint32_t number) {
  filter.push_back(SkipUnlessEqual(number, 1));
  filter.push_back(Statement(kReturn, SECCOMP_RET_ERRNO | ENOSYS));
}

void AddWaitidPidfd(std::vector<sock_filter>& filter) {
  filter.push_back(SkipUnlessEqual(SYS_waitid, 4));
  filter.push_back(Statement(kLoad, kFirstArgumentOffset));
  filter.push_back(SkipUnlessEqual(kPidfdIdType, 1));
  filter.push_back(Statement(kReturn, SECCOMP_RET_ERRNO | EINVAL));
  filter.push_back(Statement(kLoad, kNumberOffset));
}

}  // namespace

Result<std::vector<sock_filter>> DenyFilter(std::string_view names) {
  std::vector<sock_filter> filter = {
      Statement(kLoad, offsetof(seccomp_data, arch)),
      // Programs of another architecture are not what is tested, and their numbers mean other
      // calls.
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
      Statement(kReturn, SECCOMP_RET_ALLOW),
      Statement(kLoad, kNumberOffset),
  };
  while (!names.empty()) {
    const size_t comma = names.find(',');
    const std::string_view name = names.substr(0, comma);
    names = comma == std::string_view::npos ? std::string_view() : names.substr(comma + 1);
    if (name == kWaitidPidfd) {
      AddWaitidPidfd(filter);
    } else if (const std::optional<uint32_t> number = NumberOf(name)) {
      AddCall(filter, *number);
    } else {
      return Fail(EINVAL, "deny: there is no system call \"" + std::string(name) +
                              "\" among those that can be denied");
    }
  }
  filter.push_back(Statement(kReturn, SECCOMP_RET_ALLOW));
  return filter;
}

Status Install(std::vector<sock_filter> filter) {
  const sock_fprog program = {.len = static_cast<unsigned short>(filter.size()),
                              .filter = filter.data()};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    return FailErrno("seccomp(SECCOMP_SET_MODE_FILTER)");
  }
  return {};
}

}  // namespace lxcspec
