// SPDX-License-Identifier: Apache-2.0
//
// One message with descriptors over a socket that keeps messages apart (SOCK_SEQPACKET, unix(7)).

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_FD_MESSAGE_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_FD_MESSAGE_H_

#include <string>
#include <vector>

#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec::launcher {

// Most descriptors of one message.
inline constexpr size_t kMostMessageFds = 8;

struct FdMessage {
  std::string text;
  // Close-on-exec, and above those that a test gets (kResultFd).
  std::vector<UniqueFd> fds;
};

// The descriptors stay the caller's. EMSGSIZE where `text` is larger than the socket's buffer.
Status SendMessage(int socket, const std::string& text, const std::vector<int>& fds = {});

// Waits for the next message. ECONNRESET where the other end has hung up.
Result<FdMessage> ReceiveMessage(int socket);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_FD_MESSAGE_H_
