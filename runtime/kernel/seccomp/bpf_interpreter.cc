// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/seccomp/bpf_interpreter.h"

#include <array>
#include <cstring>

namespace lxcspec::runtime {

std::optional<uint32_t> RunFilter(std::span<const sock_filter> program, const seccomp_data& call) {
  uint32_t accumulator = 0;
  uint32_t index = 0;
  std::array<uint32_t, BPF_MEMWORDS> memory{};
  for (size_t at = 0; at < program.size();) {
    const sock_filter& one = program[at++];
    const uint32_t operand = BPF_SRC(one.code) == BPF_X ? index : one.k;
    switch (one.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (one.k % 4 != 0 || one.k > sizeof(call) - 4) return std::nullopt;
        memcpy(&accumulator, reinterpret_cast<const char*>(&call) + one.k, 4);
        break;
      case BPF_LD | BPF_IMM:
        accumulator = one.k;
        break;
      case BPF_LDX | BPF_IMM:
        index = one.k;
        break;
      case BPF_LD | BPF_MEM:
      case BPF_LDX | BPF_MEM:
        if (one.k >= memory.size()) return std::nullopt;
        (BPF_CLASS(one.code) == BPF_LD ? accumulator : index) = memory.at(one.k);
        break;
      case BPF_ST:
      case BPF_STX:
        if (one.k >= memory.size()) return std::nullopt;
        memory.at(one.k) = one.code == BPF_ST ? accumulator : index;
        break;
      case BPF_ALU | BPF_AND | BPF_K:
      case BPF_ALU | BPF_AND | BPF_X:
        accumulator &= operand;
        break;
      case BPF_MISC | BPF_TAX:
        index = accumulator;
        break;
      case BPF_MISC | BPF_TXA:
        accumulator = index;
        break;
      case BPF_JMP | BPF_JA:
        at += one.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
      case BPF_JMP | BPF_JEQ | BPF_X:
        at += accumulator == operand ? one.jt : one.jf;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
      case BPF_JMP | BPF_JGT | BPF_X:
        at += accumulator > operand ? one.jt : one.jf;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
      case BPF_JMP | BPF_JGE | BPF_X:
        at += accumulator >= operand ? one.jt : one.jf;
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
      case BPF_JMP | BPF_JSET | BPF_X:
        at += (accumulator & operand) != 0 ? one.jt : one.jf;
        break;
      case BPF_RET | BPF_K:
        return one.k;
      case BPF_RET | BPF_A:
        return accumulator;
      default:
        return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace lxcspec::runtime
