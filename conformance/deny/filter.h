// SPDX-License-Identifier: Apache-2.0
//
// A seccomp filter that makes a kernel look older: the named system calls answer ENOSYS.

#ifndef LXCSPEC_CONFORMANCE_DENY_FILTER_H_
#define LXCSPEC_CONFORMANCE_DENY_FILTER_H_

#include <linux/filter.h>

#include <string_view>
#include <vector>

#include "conformance/posix/result.h"

namespace lxcspec {

// The filter for names separated by commas; EINVAL names one that is not known. Besides system
// calls there is `waitid_pidfd`: waitid(P_PIDFD) answers EINVAL, as before Linux 5.4.
Result<std::vector<sock_filter>> DenyFilter(std::string_view names);

// Puts the filter on this process and all that it will start. It needs CAP_SYS_ADMIN, and so
// leaves no_new_privs as it is, which the denied kernel's programs would not find set either.
Status Install(std::vector<sock_filter> filter);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_DENY_FILTER_H_
