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

  // Moves a process here; 0 is the caller, which must have one thread.
  Status Add(pid_t process) const;
  // The file into which a process with one thread writes "0" to move itself here. In version 1
  // the kernel does that at once; all other moves wait until no process is being made anywhere.
  Result<UniqueFd> OpenForOneself() const;
  // The processes of this cgroup alone. A threaded one has none: they are its domain's.
  Result<std::vector<pid_t>> Processes() const;

  // Asks the kernel to freeze or thaw what is here and below. ENOSYS where this hierarchy cannot.
  Status SetFrozen(bool frozen) const;
  // The file that says how far that is. In version 2 it polls as EPOLLPRI when it says something
  // else than what was last read from it.
  Result<UniqueFd> OpenFreezeState() const;
  // Whether all that is here and below is frozen, or thawed, by now, as that file says.
  Result<bool> Is(bool frozen, const UniqueFd& state) const;

  // Kills what is here and below.
  Status Kill() const;

 private:
  Cgroup(UniqueFd folder_fd, std::string folder, int version)
      : folder_fd_(std::move(folder_fd)), folder_(std::move(folder)), version_(version) {}

  UniqueFd folder_fd_;
  std::string folder_;
  int version_ = 2;
};

// Moves the caller, which has one thread, to a cgroup by its folder.
Status EnterCgroup(const std::string& folder, int version);

// Removes a cgroup and those below it, waiting for what dies in them. Success where it is gone.
Status RemoveCgroup(const std::string& folder, std::chrono::milliseconds patience);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_CGROUP_H_
