// SPDX-License-Identifier: Apache-2.0
//
// What the kernel does with a filter's program, for tests: they see the verdict on any call of any
// architecture, and none of them is made.

#ifndef LXCSPEC_RUNTIME_KERNEL_SECCOMP_CLASSIC_BPF_H_
#define LXCSPEC_RUNTIME_KERNEL_SECCOMP_CLASSIC_BPF_H_

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <span>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// What the program returns for a call. EINVAL for a program that a kernel would not take: with an
// instruction that filters must not have or that libseccomp does not write, or that ends without a
// return. kernel/seccomp.c seccomp_check_filter(), net/core/filter.c bpf_check_classic()
Result<uint32_t> RunClassicBpf(std::span<const sock_filter> program, const seccomp_data& call);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_SECCOMP_CLASSIC_BPF_H_
