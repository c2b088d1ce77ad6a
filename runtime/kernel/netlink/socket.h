// SPDX-License-Identifier: Apache-2.0
//
// The kernel's routing netlink: asks for something to be done, or for a list: rtnetlink(7).

#ifndef LXCSPEC_RUNTIME_KERNEL_NETLINK_SOCKET_H_
#define LXCSPEC_RUNTIME_KERNEL_NETLINK_SOCKET_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/kernel/netlink/message.h"

namespace lxcspec::runtime {

// A socket stays in the network namespace in which it was opened, wherever its holder is.
class NetlinkSocket {
 public:
  static Result<NetlinkSocket> Open();

  // In the network namespace of a process, which may be the caller's own. A child of the caller's
  // goes there for it. ESRCH where the process has ended.
  static Result<NetlinkSocket> OpenOf(const UniqueFd& pidfd, pid_t process);

  // The same for a process with one thread: it goes there itself, where it may.
  static Result<NetlinkSocket> OpenByVisit(const UniqueFd& pidfd, pid_t process);

  // Asks for something to be done, and waits until it is. An error says what was attempted, and
  // why not in the kernel's own words where it has any.
  Status Do(const NetlinkRequest& request, const std::string& attempted);

  // Asks for a list, and has each entry's message type and body. Also for one entry, with a
  // request that has NLM_F_ACK instead of NLM_F_DUMP.
  Status Dump(const NetlinkRequest& request, const std::string& attempted,
              const std::function<void(uint16_t, std::string_view)>& entry);

 private:
  explicit NetlinkSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  [[noreturn]] static void SendFromInside(const UniqueFd& caller, const Status& entered);

  Status Exchange(const std::string& message, uint32_t sequence, const std::string& attempted,
                  const std::function<void(uint16_t, std::string_view)>& entry);

  UniqueFd fd_;
  uint32_t sequence_ = 0;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_NETLINK_SOCKET_H_
