// SPDX-License-Identifier: Apache-2.0
//
// For tests: processes whose getppid(2) waits for an answer.

#ifndef LXCSPEC_RUNTIME_KERNEL_SECCOMP_FILTERED_CALLERS_H_
#define LXCSPEC_RUNTIME_KERNEL_SECCOMP_FILTERED_CALLERS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

class FilteredCallers {
 public:
  struct Outcome {
    // What it was started with.
    uint64_t argument;
    // What the call returned; an error is a negative errno.
    int64_t result;
  };

  static Result<FilteredCallers> Start();

  FilteredCallers(FilteredCallers&& other) noexcept;
  FilteredCallers& operator=(FilteredCallers&&) = delete;
  // Ends them all, also those that wait.
  ~FilteredCallers();

  const UniqueFd& listener() const { return listener_; }
  pid_t parent() const { return parent_; }

  // Has another process make the call with this argument, and returns its number.
  Result<pid_t> Call(uint64_t argument);

  // What came of a call; nothing where none has returned since.
  std::optional<Outcome> Returned();

  // No process has the filter afterwards.
  void End();

 private:
  FilteredCallers(pid_t parent, UniqueFd listener, UniqueFd commands, UniqueFd numbers);

  pid_t parent_;
  UniqueFd listener_;
  UniqueFd commands_;
  UniqueFd numbers_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_SECCOMP_FILTERED_CALLERS_H_
