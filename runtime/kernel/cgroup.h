// SPDX-License-Identifier: Apache-2.0
//
// One cgroup, held by a descriptor of its folder, of either version: cgroups(7), the kernel's
// Documentation/admin-guide/cgroup-v2.rst.

#ifndef LXCSPEC_RUNTIME_KERNEL_CGROUP_H_
#define LXCSPEC_RUNTIME_KERNEL_CGROUP_H_

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

class Cgroup {
 public:
  static Result<Cgroup> Open(const std::string& folder, int version);

  // A new child; EEXIST where there is one.
  Result<Cgroup> Make(const std::string& name) const;
  // A child that is there.
  Result<Cgroup> Child(const std::string& name) const;

  int fd() const { return folder_fd_.get(); }
  int version() const { return version_; }
  const std::string& folder() const { return folder_; }

  bool Has(const std::string& file) const;
  Result<std::string> Read(const std::string& file) const;
  Status Write(const std::string& file, std::string_view value) const;

  // Moves a process here; 0 is the caller.
  Status Add(pid_t process) const;
  // The processes of this cgroup alone.
  Result<std::vector<pid_t>> Processes() const;

  // Freezes or thaws what is here and below, and waits until it is so. ENOSYS where this
  // hierarchy cannot; ETIMEDOUT.
  Status SetFrozen(bool frozen, std::chrono::milliseconds patience) const;

  // Kills what is here and below.
  Status Kill() const;

 private:
  Cgroup(UniqueFd folder_fd, std::string folder, int version)
      : folder_fd_(std::move(folder_fd)), folder_(std::move(folder)), version_(version) {}

  UniqueFd folder_fd_;
  std::string folder_;
  int version_ = 2;
};

// Removes a cgroup and those below it, waiting for what dies in them. Success where it is gone.
Status RemoveCgroup(const std::string& folder, std::chrono::milliseconds patience);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_CGROUP_H_
