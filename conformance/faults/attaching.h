// SPDX-License-Identifier: Apache-2.0
//
// Attaching with options that the caller did not ask for.

#ifndef LXCSPEC_CONFORMANCE_FAULTS_ATTACHING_H_
#define LXCSPEC_CONFORMANCE_FAULTS_ATTACHING_H_

#include <sched.h>
#include <sys/types.h>

#include <cstdint>

#include "conformance/faults/fault.h"

namespace lxcspec::faults {

// lxc_attach_options_t with its defaults; attach_options.h
struct AttachOptions {
  int32_t flags = 0x0000FFFF;
  int32_t namespaces = -1;
  int64_t personality = -1;
  char* initial_cwd = nullptr;
  uint32_t uid = UINT32_MAX;
  uint32_t gid = UINT32_MAX;
  int32_t env_policy = 0;
  char** extra_variables = nullptr;
  char** kept_variables = nullptr;
  int32_t standard[3] = {0, 1, 2};
  int32_t log_fd = -9;
  char* lsm_label = nullptr;
  uint64_t groups[2] = {};
};

inline constexpr int32_t kClearEnvironment = 1;

// Attached processes are in all namespaces of the container but this one.
template <int kNamespace>
void AttachesOutsideOf(Broken& broken) {
  broken.members.attach_run_wait = [](abi::Container* c, void*, const char* program,
                                      const char* const argv[]) {
    constexpr int kAll = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                         CLONE_NEWCGROUP | CLONE_NEWUSER | 0x80;
    AttachOptions options{.namespaces = kAll & ~kNamespace};
    return Original().attach_run_wait(c, &options, program, argv);
  };
}

}  // namespace lxcspec::faults

#endif  // LXCSPEC_CONFORMANCE_FAULTS_ATTACHING_H_
