// SPDX-License-Identifier: Apache-2.0
//
// The filter of processes that are attached to a running container: the very one that its init has,
// whatever has become of the policy's file.

#ifndef LXCSPEC_RUNTIME_CONTAINER_SECCOMP_ATTACH_FILTER_H_
#define LXCSPEC_RUNTIME_CONTAINER_SECCOMP_ATTACH_FILTER_H_

#include <linux/filter.h>

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/container/client.h"
#include "runtime/container/command.h"
#include "runtime/kernel/seccomp/filter.h"

namespace lxcspec::runtime {

struct AttachFilter {
  // Empty: none.
  std::vector<sock_filter> program;
  bool notifies = false;
};

// As it goes over the command socket. EBADMSG for what is none.
std::string EncodedFilter(const SeccompFilter& filter);
Result<AttachFilter> DecodedFilter(std::string_view bytes);

// The client's part: what the container's monitor says.
Result<AttachFilter> QueryAttachFilter(const Place& place, Patience patience);

// Hands an attached process's listener to the monitor, for the container's proxy. EINVAL where
// there is none.
Status GiveListener(const Place& place, const UniqueFd& listener, Patience patience);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_SECCOMP_ATTACH_FILTER_H_
