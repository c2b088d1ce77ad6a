// SPDX-License-Identifier: Apache-2.0
//
// For tests: what the kernel makes of a filter, instruction by instruction.

#ifndef LXCSPEC_RUNTIME_KERNEL_SECCOMP_BPF_INTERPRETER_H_
#define LXCSPEC_RUNTIME_KERNEL_SECCOMP_BPF_INTERPRETER_H_

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <optional>
#include <span>

namespace lxcspec::runtime {

// SECCOMP_RET_* and its data; nothing for a program that the kernel would not have taken.
std::optional<uint32_t> RunFilter(std::span<const sock_filter> program, const seccomp_data& call);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_SECCOMP_BPF_INTERPRETER_H_
