// SPDX-License-Identifier: Apache-2.0
//
// From a policy to the program that the kernel runs at every system call. It holds for this
// machine's own architecture and for those whose programs it runs as well; a call of any other
// kills. What the calls' numbers are there libseccomp knows.

#ifndef LXCSPEC_RUNTIME_KERNEL_SECCOMP_FILTER_H_
#define LXCSPEC_RUNTIME_KERNEL_SECCOMP_FILTER_H_

#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/kernel/seccomp/policy.h"

namespace lxcspec::runtime {

struct SeccompFilter {
  std::vector<sock_filter> program;
  // Some calls wait for a listener's answer.
  bool notifies = false;
  // Rules that say nothing here, because there is no such call: "line 3: ...".
  std::vector<std::string> warnings;
};

// Of several rules that match a call the strictest holds, and the first of equally strict ones. A
// rule that compares arguments of a call which 32-bit programs can also make through socketcall(2)
// or ipc(2) holds for all of it there if it makes the policy stricter, and else for none of it.
//
// E2BIG where the kernel takes no program that long.
Result<SeccompFilter> CompileSeccompPolicy(const SeccompPolicy& policy);

// Whether this kernel filters system calls. Found out by asking it.
bool HasSeccompFilters();

// Whether the calling thread is filtered already.
Result<bool> IsThreadFiltered();

// Filters the calling thread and who descends from it, for good. With a listener returns that,
// close-on-exec; otherwise nothing valid. Between the kernel's taking the filter and the return
// there is no other system call, and no allocation. The caller needs CAP_SYS_ADMIN in its user
// namespace, or no_new_privs: EACCES.
Result<UniqueFd> LoadSeccompFilter(std::span<const sock_filter> program, bool with_listener);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_SECCOMP_FILTER_H_
