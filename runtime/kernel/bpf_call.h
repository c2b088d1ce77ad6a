// SPDX-License-Identifier: Apache-2.0
//
// bpf(2), which libc has no function for.

#ifndef LXCSPEC_RUNTIME_KERNEL_BPF_CALL_H_
#define LXCSPEC_RUNTIME_KERNEL_BPF_CALL_H_

#include <linux/bpf.h>

#include <cstdint>
#include <string>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

// What the system call returns.
int Bpf(bpf_cmd command, bpf_attr& attributes);

// For commands that make something in the kernel and return its descriptor. Before Linux 5.11 that
// counts as locked memory: where it is refused for that, it is tried again without the limit.
// `what` is for the error.
Result<UniqueFd> BpfMake(bpf_cmd command, bpf_attr& attributes, const std::string& what);

// A pointer as the kernel's attributes hold it.
inline uint64_t BpfAddress(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

// One instruction.
bpf_insn BpfInstruction(int code, int destination, int source, int offset, int immediate);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_BPF_CALL_H_
