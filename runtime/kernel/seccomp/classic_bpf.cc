// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/seccomp/classic_bpf.h"

#include <cerrno>
#include <cstring>

namespace lxcspec::runtime {

Result<uint32_t> RunClassicBpf(std::span<const sock_filter> program, const seccomp_data& call) {
  if (program.size() > BPF_MAXINSNS) return Failure(EINVAL, "a program that is too long");
  uint32_t accumulator = 0;
  // Jumps lead forward only, so that this ends.
  for (size_t next = 0; next < program.size();) {
    const sock_filter& instruction = program[next++];
    const auto branch = [&](bool is_taken) { next += is_taken ? instruction.jt : instruction.jf; };
    switch (instruction.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (instruction.k % sizeof(accumulator) != 0 || instruction.k >= sizeof(call)) {
          return Failure(EINVAL, "a load of what is no word of a call");
        }
        memcpy(&accumulator, reinterpret_cast<const char*>(&call) + instruction.k,
               sizeof(accumulator));
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= instruction.k;
        break;
      case BPF_JMP | BPF_JA:
        next += instruction.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        branch(accumulator == instruction.k);
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        branch(accumulator >= instruction.k);
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        branch(accumulator > instruction.k);
        break;
      case BPF_RET | BPF_K:
        return instruction.k;
      default:
        return Failure(EINVAL, "an instruction of another kind");
    }
  }
  return Failure(EINVAL, "a program that does not end with a return");
}

}  // namespace lxcspec::runtime
