// SPDX-License-Identifier: Apache-2.0
//
// Device rules as the program that liblxc, and other runtimes much alike, make of them: one rule
// after the other, the newest first. What the releases load was counted; this executes and has the
// verifier walk as many instructions (bench/README.md).

#ifndef LXCSPEC_BENCH_LINEAR_DEVICE_PROGRAM_H_
#define LXCSPEC_BENCH_LINEAR_DEVICE_PROGRAM_H_

#include <linux/bpf.h>

#include <cstddef>
#include <vector>

#include "runtime/kernel/device_rules.h"

namespace lxcspec {

// Of rules that are all allowed, everything else being denied.
inline std::vector<bpf_insn> CompileLinearly(const std::vector<runtime::DeviceRule>& allowed) {
  std::vector<bpf_insn> code;
  const auto emit = [&](int operation, int destination, int source, int offset, int immediate) {
    code.push_back({.code = static_cast<__u8>(operation),
                    .dst_reg = static_cast<__u8>(destination & 0xf),
                    .src_reg = static_cast<__u8>(source & 0xf),
                    .off = static_cast<__s16>(offset),
                    .imm = immediate});
  };
  constexpr int kLoad = BPF_LDX | BPF_MEM | BPF_W;
  emit(kLoad, BPF_REG_2, BPF_REG_1, offsetof(bpf_cgroup_dev_ctx, access_type), 0);
  emit(BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
  emit(kLoad, BPF_REG_3, BPF_REG_1, offsetof(bpf_cgroup_dev_ctx, access_type), 0);
  emit(BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
  emit(kLoad, BPF_REG_4, BPF_REG_1, offsetof(bpf_cgroup_dev_ctx, major), 0);
  emit(kLoad, BPF_REG_5, BPF_REG_1, offsetof(bpf_cgroup_dev_ctx, minor), 0);
  for (auto rule = allowed.rbegin(); rule != allowed.rend(); ++rule) {
    std::vector<size_t> to_next;
    const auto unless = [&](int subject, int value) {
      to_next.push_back(code.size());
      emit(BPF_JMP | BPF_JNE | BPF_K, subject, 0, 0, value);
    };
    if (rule->access != runtime::kMayAll) {
      emit(BPF_ALU | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_3, 0, 0);
      emit(BPF_ALU | BPF_AND | BPF_K, BPF_REG_1, 0, 0, static_cast<int>(rule->access));
      to_next.push_back(code.size());
      emit(BPF_JMP | BPF_JNE | BPF_X, BPF_REG_1, BPF_REG_3, 0, 0);
    }
    if (rule->block != rule->character) {
      unless(BPF_REG_2, rule->block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
    }
    if (rule->major) unless(BPF_REG_4, static_cast<int>(*rule->major));
    if (rule->minor) unless(BPF_REG_5, static_cast<int>(*rule->minor));
    emit(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1);
    emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
    for (const size_t jump : to_next) code[jump].off = static_cast<__s16>(code.size() - jump - 1);
  }
  emit(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0);
  emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  return code;
}

}  // namespace lxcspec

#endif  // LXCSPEC_BENCH_LINEAR_DEVICE_PROGRAM_H_
