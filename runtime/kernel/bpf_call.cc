// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/bpf_call.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace lxcspec::runtime {

int Bpf(bpf_cmd command, bpf_attr& attributes) {
  return static_cast<int>(syscall(SYS_bpf, command, &attributes, sizeof(attributes)));
}

Result<UniqueFd> BpfMake(bpf_cmd command, bpf_attr& attributes, const std::string& what) {
  UniqueFd fd(Bpf(command, attributes));
  int code = errno;
  rlimit before = {};
  if (!fd.valid() && code == EPERM && getrlimit(RLIMIT_MEMLOCK, &before) == 0) {
    const rlimit unlimited = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    if (setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0) {
      fd = UniqueFd(Bpf(command, attributes));
      code = errno;
      setrlimit(RLIMIT_MEMLOCK, &before);
    }
  }
  if (!fd.valid()) return Failure(code, what);
  return fd;
}

bpf_insn BpfInstruction(int code, int destination, int source, int offset, int immediate) {
  bpf_insn instruction = {};
  instruction.code = static_cast<uint8_t>(code);
  instruction.dst_reg = static_cast<uint8_t>(destination & 0xf);
  instruction.src_reg = static_cast<uint8_t>(source & 0xf);
  instruction.off = static_cast<int16_t>(offset);
  instruction.imm = immediate;
  return instruction;
}

}  // namespace lxcspec::runtime
