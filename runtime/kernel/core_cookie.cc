// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/core_cookie.h"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <cstdint>

namespace lxcspec::runtime {
namespace {

// Since Linux 5.14.
constexpr int kSchedCore = 62;
constexpr unsigned long kGet = 0;
constexpr unsigned long kCreate = 1;
constexpr unsigned long kShareFrom = 3;
constexpr unsigned long kThisThread = 0;
constexpr unsigned long kOneThread = 0;

}  // namespace

bool HasCoreCookies() {
  uint64_t cookie = 0;
  return prctl(kSchedCore, kGet, kThisThread, kOneThread, &cookie) == 0;
}

Status MakeCoreCookie() {
  if (prctl(kSchedCore, kCreate, kThisThread, kOneThread, nullptr) == 0) return {};
  return ErrnoFailure("prctl(PR_SCHED_CORE_CREATE)");
}

Status TakeCoreCookieOf(pid_t process) {
  const auto number = static_cast<unsigned long>(process);
  if (prctl(kSchedCore, kShareFrom, number, kOneThread, nullptr) == 0) return {};
  return ErrnoFailure(fmt::format("prctl(PR_SCHED_CORE_SHARE_FROM, {})", process));
}

}  // namespace lxcspec::runtime
