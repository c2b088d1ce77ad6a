// SPDX-License-Identifier: Apache-2.0
//
// The extension seccomp_proxy_send_notify_fd: what a proxy is sent of a call that waits, the
// listener among it, and what it answers. spec/extensions/seccomp_proxy_send_notify_fd.md
//
// One message each way, over SOCK_SEQPACKET, in the machine's own byte order:
//
//    0  8  reserved, zero
//    8  4  the monitor's process
//   12  4  the container's init
//   16  6  seccomp_notif_sizes, and 2 of padding
//   24  8  length of the cookie
//   32     seccomp_notif, seccomp_notif_resp, the cookie
//
// with descriptors of /proc/<caller>, of its memory, and the listener. An answer is the same
// without the cookie and descriptors.

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_SECCOMP_PROXY_SEND_NOTIFY_FD_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_SECCOMP_PROXY_SEND_NOTIFY_FD_H_

#include <linux/seccomp.h>
#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

struct ProxyCall {
  pid_t monitor = -1;
  pid_t init = -1;
  seccomp_notif_sizes sizes = {};
  // As many bytes as the sizes say.
  const seccomp_notif* call = nullptr;
  std::string_view cookie;
};

// Without the cookie.
size_t ProxyMessageSize(const seccomp_notif_sizes& sizes);

std::string ProxyRequest(const ProxyCall& call);

// In the order in which they are sent. Without the extension, the listener is not among them.
std::vector<int> ProxyDescriptors(const UniqueFd& process, const UniqueFd& memory,
                                  const UniqueFd& listener, bool is_switched_on);

// The bytes of the seccomp_notif_resp in an answer; nothing where it has not exactly the right
// length, or bits that are reserved are set.
std::optional<std::string_view> ResponseIn(std::string_view answer,
                                           const seccomp_notif_sizes& sizes);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_SECCOMP_PROXY_SEND_NOTIFY_FD_H_
