// SPDX-License-Identifier: Apache-2.0
//
// Runs device programs as the kernel would, for tests and for counting what they execute: the few
// instructions that they are of, and no others. bpf(2), the kernel's
// Documentation/bpf/standardization/instruction-set.rst.

#ifndef LXCSPEC_RUNTIME_KERNEL_DEVICE_INTERPRETER_H_
#define LXCSPEC_RUNTIME_KERNEL_DEVICE_INTERPRETER_H_

#include <linux/bpf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "runtime/kernel/device_rules.h"

namespace lxcspec::runtime {

struct DeviceUse {
  DeviceType type;
  uint32_t major;
  uint32_t minor;
  uint32_t access;
};

struct DeviceOutcome {
  bool permits = false;
  int executed = 0;
};

// Nothing for an instruction that is none of these, a jump out of the program or backwards, or a
// look outside of the table.
inline std::optional<DeviceOutcome> InterpretDeviceProgram(const std::vector<bpf_insn>& program,
                                                           const DeviceUse& use,
                                                           std::span<const uint8_t> table = {}) {
  const std::array<uint32_t, 3> context = {(use.access << 16) | static_cast<uint32_t>(use.type),
                                           use.major, use.minor};
  std::array<uint64_t, 11> registers = {};
  // Which registers are places in the table; all others are numbers.
  std::array<bool, 11> in_table = {};
  DeviceOutcome outcome;
  for (size_t at = 0; at < program.size(); ++at) {
    const bpf_insn& insn = program[at];
    uint64_t& destination = registers[insn.dst_reg];
    const auto immediate = static_cast<uint64_t>(int64_t{insn.imm});
    const uint64_t operand = BPF_SRC(insn.code) == BPF_X ? registers[insn.src_reg] : immediate;
    ++outcome.executed;
    switch (BPF_CLASS(insn.code)) {
      case BPF_LDX: {
        const size_t size = BPF_SIZE(insn.code) == BPF_W ? 4 : BPF_SIZE(insn.code) == BPF_H ? 2 : 1;
        const std::span<const uint8_t> memory =
            in_table[insn.src_reg]
                ? table
                : std::span(reinterpret_cast<const uint8_t*>(context.data()), sizeof(context));
        const uint64_t place = registers[insn.src_reg] + static_cast<uint64_t>(insn.off);
        if (BPF_MODE(insn.code) != BPF_MEM || place > memory.size() ||
            size > memory.size() - place) {
          return std::nullopt;
        }
        destination = 0;
        memcpy(&destination, memory.data() + place, size);
        in_table[insn.dst_reg] = false;
        continue;
      }
      case BPF_LD:
        if (insn.code != (BPF_LD | BPF_DW | BPF_IMM) || insn.src_reg != BPF_PSEUDO_MAP_VALUE) {
          return std::nullopt;
        }
        destination = 0;
        in_table[insn.dst_reg] = true;
        // It takes two places.
        ++at;
        continue;
      case BPF_ALU64:
        switch (BPF_OP(insn.code)) {
          case BPF_MOV:
            destination = operand;
            in_table[insn.dst_reg] = false;
            continue;
          case BPF_AND:
            destination &= operand;
            continue;
          case BPF_ADD:
            destination += operand;
            continue;
          case BPF_LSH:
            destination <<= operand;
            continue;
          case BPF_RSH:
            destination >>= operand;
            continue;
          default:
            return std::nullopt;
        }
      case BPF_JMP:
        break;
      default:
        return std::nullopt;
    }
    bool jumps = false;
    switch (BPF_OP(insn.code)) {
      case BPF_EXIT:
        // The kernel takes 1 for yes, and no program may return more.
        if (registers[BPF_REG_0] > 1) return std::nullopt;
        outcome.permits = registers[BPF_REG_0] == 1;
        return outcome;
      case BPF_JA:
        jumps = true;
        break;
      case BPF_JEQ:
        jumps = destination == operand;
        break;
      case BPF_JNE:
        jumps = destination != operand;
        break;
      case BPF_JGE:
        jumps = destination >= operand;
        break;
      case BPF_JLT:
        jumps = destination < operand;
        break;
      case BPF_JSET:
        jumps = (destination & operand) != 0;
        break;
      default:
        return std::nullopt;
    }
    if (insn.off < 0) return std::nullopt;
    if (jumps) at += static_cast<size_t>(insn.off);
  }
  return std::nullopt;
}

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_DEVICE_INTERPRETER_H_
