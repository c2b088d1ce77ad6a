// SPDX-License-Identifier: Apache-2.0
//
// Requests to the kernel's routing netlink: netlink(7), rtnetlink(7).

#ifndef LXCSPEC_RUNTIME_KERNEL_NETLINK_H_
#define LXCSPEC_RUNTIME_KERNEL_NETLINK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

// A request, put together from front to back.
class NetlinkRequest {
 public:
  // RTM_*, and the NLM_F_* beside NLM_F_REQUEST.
  NetlinkRequest(uint16_t type, uint16_t flags);

  // The type's own fixed part, such as ifinfomsg.
  template <typename Header>
  NetlinkRequest& Add(const Header& header) {
    return AddBytes({reinterpret_cast<const char*>(&header), sizeof header});
  }
  NetlinkRequest& AddAttribute(uint16_t type, std::string_view value);
  // A string with its end, as names want it.
  NetlinkRequest& AddText(uint16_t type, const std::string& text);
  NetlinkRequest& AddNumber(uint16_t type, uint32_t number);
  // All that is added until the matching EndNest() is inside.
  size_t BeginNest(uint16_t type);
  void EndNest(size_t nest);

  // The whole message with its length and number.
  std::string Finish(uint32_t sequence) const;

 private:
  NetlinkRequest& AddBytes(std::string_view bytes);

  std::string bytes_;
};

// Attributes by their type, as views into a message.
using NetlinkAttributes = std::map<uint16_t, std::string_view>;

// Those that follow `skipped` bytes of a message's fixed part.
NetlinkAttributes ParseAttributes(std::string_view body, size_t skipped);

// A socket stays in the network namespace in which it was opened, wherever its holder is.
class NetlinkSocket {
 public:
  static Result<NetlinkSocket> Open();
  explicit NetlinkSocket(UniqueFd fd) : fd_(std::move(fd)) {}

  // Asks for something to be done, and waits until it is.
  Status Do(NetlinkRequest request);

  // Asks for a list, and has each entry's message type and body.
  Status Dump(const NetlinkRequest& request,
              const std::function<void(uint16_t, std::string_view)>& entry);

  const UniqueFd& fd() const { return fd_; }
  UniqueFd Release() && { return std::move(fd_); }

 private:
  Status Exchange(const std::string& message, uint32_t sequence,
                  const std::function<void(uint16_t, std::string_view)>& entry);

  UniqueFd fd_;
  uint32_t sequence_ = 0;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_NETLINK_H_
