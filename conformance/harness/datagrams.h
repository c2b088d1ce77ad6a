// SPDX-License-Identifier: Apache-2.0
//
// Does traffic flow? Datagrams between network namespaces, there and back.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_DATAGRAMS_H_
#define LXCSPEC_CONFORMANCE_HARNESS_DATAGRAMS_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "conformance/harness/net_namespace.h"
#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {

// A UDP socket in a network namespace.
class DatagramSocket {
 public:
  // Bound to the address, at a port that the kernel chooses; waits until an IPv6 address is no
  // longer tentative.
  static Result<DatagramSocket> Bind(const NetNamespace& network, const std::string& address);

  const std::string& address() const { return address_; }
  uint16_t port() const { return port_; }

  // From now on what is too large for the way is refused with EMSGSIZE (IPv4).
  Status ForbidFragments() const;
  Status Send(const std::string& text, const std::string& address, uint16_t port) const;
  // The next datagram's text; ETIMEDOUT.
  Result<std::string> Receive(std::chrono::milliseconds unscaled) const;

 private:
  DatagramSocket(UniqueFd fd, std::string address, uint16_t port)
      : fd_(std::move(fd)), address_(std::move(address)), port_(port) {}

  UniqueFd fd_;
  std::string address_;
  uint16_t port_;
};

// One who sends, by his namespace and address.
struct Party {
  const NetNamespace& network;
  std::string address;
};

// Sends datagrams from one to the other until one has come through and its answer has come back.
Status Exchange(const Party& one, const Party& other);

// Sends a datagram that must not arrive, then has `control_one` and `control_other` exchange
// theirs, and fails with EEXIST if the first one has arrived by then or shortly after.
Status ExpectNoWay(const Party& one, const Party& other, const Party& control_one,
                   const Party& control_other);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_DATAGRAMS_H_
