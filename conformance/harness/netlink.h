// SPDX-License-Identifier: Apache-2.0
//
// Messages to the kernel's routing netlink and its answers, by libmnl. A socket belongs to the
// network namespace of the thread that opens it, so everything here acts on the caller's.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_NETLINK_H_
#define LXCSPEC_CONFORMANCE_HARNESS_NETLINK_H_

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "conformance/posix/result.h"

namespace lxcspec {

// An IPv4 or IPv6 address, with a prefix length where the text has one, else that of one host.
class IpAddress {
 public:
  // "192.0.2.1", "2001:db8::/32".
  static Result<IpAddress> Parse(const std::string& text);
  // `size` bytes in network order; no bytes stand for the address of all zeros.
  static IpAddress FromBytes(int family, const void* bytes, size_t size, int prefix);

  int family() const { return family_; }
  int prefix() const { return prefix_; }
  size_t size() const;
  const void* bytes() const { return bytes_.data(); }
  std::string Text() const;
  std::string TextWithPrefix() const;

 private:
  int family_ = 0;
  int prefix_ = 0;
  std::array<uint8_t, 16> bytes_{};
};

// A request, put together from front to back.
class NetlinkMessage {
 public:
  NetlinkMessage(uint16_t type, uint16_t flags);
  NetlinkMessage(const NetlinkMessage&) = delete;
  NetlinkMessage& operator=(const NetlinkMessage&) = delete;

  // The type's own fixed part, such as ifinfomsg; the first thing to be added.
  template <typename Fixed>
  void PutFixed(const Fixed& fixed) {
    *static_cast<Fixed*>(mnl_nlmsg_put_extra_header(header_, sizeof fixed)) = fixed;
  }
  void Put(uint16_t type, const std::string& text) {
    mnl_attr_put_strz(header_, type, text.c_str());
  }
  void PutByte(uint16_t type, uint8_t value) { mnl_attr_put_u8(header_, type, value); }
  void PutShort(uint16_t type, uint16_t value) { mnl_attr_put_u16(header_, type, value); }
  void PutNumber(uint16_t type, uint32_t value) { mnl_attr_put_u32(header_, type, value); }
  void PutBytes(uint16_t type, const void* bytes, size_t size) {
    mnl_attr_put(header_, type, size, bytes);
  }
  void PutAddress(uint16_t type, const IpAddress& address) {
    PutBytes(type, address.bytes(), address.size());
  }
  // What `inside` puts is nested in an attribute.
  void Nest(uint16_t type, const std::function<void()>& inside);
  // The same behind a fixed part, as a veth device's peer is described.
  void NestLink(uint16_t type, const std::function<void()>& inside);

  nlmsghdr* get() { return header_; }

 private:
  alignas(nlmsghdr) std::array<char, 4096> bytes_{};
  nlmsghdr* header_;
};

// Sends the request and waits for the kernel's acknowledgement; an error is the kernel's.
Status Transact(NetlinkMessage& message, const std::string& what);

// Sends the request for a dump, and calls `each` for every message of it.
Status Dump(NetlinkMessage& message, const std::string& what,
            const std::function<void(const nlmsghdr*)>& each);

// The attributes by type, of a message behind its fixed part or inside of another attribute.
using NetlinkAttributes = std::map<uint16_t, const nlattr*>;
NetlinkAttributes AttributesOf(const nlmsghdr* message, size_t fixed_size);
NetlinkAttributes AttributesOf(const nlattr* nest);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_NETLINK_H_
