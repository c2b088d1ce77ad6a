// SPDX-License-Identifier: Apache-2.0
//
// Messages of netlink: requests put together from front to back, and answers taken apart. What is
// taken apart may be any bytes: netlink(7), rtnetlink(7).

#ifndef LXCSPEC_RUNTIME_KERNEL_NETLINK_MESSAGE_H_
#define LXCSPEC_RUNTIME_KERNEL_NETLINK_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

struct nlmsghdr;

namespace lxcspec::runtime {

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
  template <typename Number>
  NetlinkRequest& AddNumber(uint16_t type, Number number) {
    return AddAttribute(type, {reinterpret_cast<const char*>(&number), sizeof number});
  }
  // All that is added until the matching EndNest() is inside.
  size_t BeginNest(uint16_t type);
  void EndNest(size_t nest);

  // The whole message with its number. EMSGSIZE where more was added than a request may hold.
  Result<std::string> Finish(uint32_t sequence) const;

 private:
  NetlinkRequest& AddBytes(std::string_view bytes);
  nlmsghdr* header();

  std::vector<char> buffer_;
  bool too_long_ = false;
};

// Attributes by their type, as views into a message.
using NetlinkAttributes = std::map<uint16_t, std::string_view>;

// Those that follow `skipped` bytes of a message's fixed part, or of a nest's.
NetlinkAttributes ParseAttributes(std::string_view body, size_t skipped);

// An attribute's value. Nothing where it is absent, or not of that size.
template <typename Number>
std::optional<Number> NumberOf(const NetlinkAttributes& attributes, uint16_t type) {
  const auto found = attributes.find(type);
  if (found == attributes.end() || found->second.size() != sizeof(Number)) return std::nullopt;
  Number number;
  memcpy(&number, found->second.data(), sizeof number);
  return number;
}

// Without its end; empty where it is absent.
std::string TextOf(const NetlinkAttributes& attributes, uint16_t type);

// One message of an answer.
struct NetlinkMessage {
  uint16_t type = 0;
  uint16_t flags = 0;
  uint32_t sequence = 0;
  std::string_view body;
};

// Calls `message` for each of a datagram. EBADMSG where it is no row of messages.
Status ForEachMessage(std::string_view datagram,
                      const std::function<void(const NetlinkMessage&)>& message);

// What an NLMSG_ERROR or NLMSG_DONE says: an errno, 0 for success, and the kernel's explanation,
// which may be empty.
struct NetlinkOutcome {
  int code = 0;
  std::string explanation;
};

NetlinkOutcome ParseOutcome(const NetlinkMessage& message);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_NETLINK_MESSAGE_H_
