// SPDX-License-Identifier: Apache-2.0
//
// Device rules as a program that the kernel asks at each use of a device: bpf(2),
// BPF_PROG_TYPE_CGROUP_DEVICE, Linux 4.15.
//
// The rules become disjoint intervals of majors, and below each of minors; the program looks a
// device up in a balanced tree of them. So what it executes grows with the logarithm of the
// number of rules, and the verifier, which walks each branch once, with the number itself.

#ifndef LXCSPEC_RUNTIME_KERNEL_DEVICE_PROGRAM_H_
#define LXCSPEC_RUNTIME_KERNEL_DEVICE_PROGRAM_H_

#include <linux/bpf.h>

#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/kernel/device_rules.h"

namespace lxcspec::runtime {

// E2BIG where jumps would be too long: at several thousand rules.
Result<std::vector<bpf_insn>> CompileDeviceRules(const DeviceRules& rules);

// A program in the kernel, for as long as this or a cgroup holds it.
class DeviceProgram {
 public:
  static Result<DeviceProgram> Load(const std::vector<bpf_insn>& instructions);

  // Makes the cgroup, of version 2, ask this program, instead of `replaced` where there is one.
  // At no moment neither is asked, and programs that others attached stay.
  Status Attach(int cgroup_fd, const DeviceProgram* replaced) const;
  Status Detach(int cgroup_fd) const;

  int fd() const { return fd_.get(); }

 private:
  explicit DeviceProgram(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

// Whether this process may load such programs into this kernel.
bool HasDevicePrograms();

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_DEVICE_PROGRAM_H_
