// SPDX-License-Identifier: Apache-2.0
//
// Unix stream sockets: addresses without a file, who is at the other end, and descriptors on the
// way.

#ifndef LXCSPEC_RUNTIME_KERNEL_SOCKET_H_
#define LXCSPEC_RUNTIME_KERNEL_SOCKET_H_

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

// How many descriptors go with one message at most.
inline constexpr size_t kMostDescriptors = 16;

// The longest name of an abstract address.
inline constexpr size_t kLongestAbstractName = 107;

struct Credentials {
  pid_t pid;
  uid_t uid;
  gid_t gid;
};

// A listener that does not block. EADDRINUSE where somebody listens there; ENAMETOOLONG.
Result<UniqueFd> ListenAbstract(std::string_view name);

// From now on it is this process that PeerOf() tells those who connect, not the one that made it.
Status ListenAsThisProcess(const UniqueFd& listener);

// A connection that blocks, but no longer than the timeout in any one call: EAGAIN then. Nothing:
// for ever. ECONNREFUSED where nobody listens.
Result<UniqueFd> ConnectAbstract(std::string_view name,
                                 std::optional<std::chrono::milliseconds> timeout);

// The next connection, which does not block. EAGAIN without one.
Result<UniqueFd> Accept(const UniqueFd& listener);

enum class SocketKind { kStream, kMessages };

// Two ends that block.
Result<std::pair<UniqueFd, UniqueFd>> SocketPair(SocketKind kind = SocketKind::kStream);

// Who made the other end, or listened where it was connected to.
Result<Credentials> PeerOf(const UniqueFd& socket);

// Sends what the socket takes at once, at most kMostDescriptors descriptors with it, and returns
// how many bytes that were: all descriptors go with the first byte. Never raises SIGPIPE.
Result<size_t> Send(const UniqueFd& socket, std::string_view bytes, std::span<const int> fds = {});

// Sends all of it over a socket that blocks.
Status SendAll(const UniqueFd& socket, std::string_view bytes, std::span<const int> fds = {});

// Receives what is there, and adds the descriptors that came with it, close-on-exec. 0: the other
// end is closed. EBADMSG where the other end sent more descriptors than are allowed.
Result<size_t> Receive(const UniqueFd& socket, std::span<char> buffer, std::vector<UniqueFd>& fds);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_SOCKET_H_
