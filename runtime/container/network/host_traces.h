// SPDX-License-Identifier: Apache-2.0
//
// What a container's network leaves on the host, each as a line of the run record: so that whoever
// finds the record of a killed monitor can remove it.

#ifndef LXCSPEC_RUNTIME_CONTAINER_NETWORK_HOST_TRACES_H_
#define LXCSPEC_RUNTIME_CONTAINER_NETWORK_HOST_TRACES_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/kernel/netlink/address.h"
#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/netlink/socket.h"

namespace lxcspec::runtime {

enum class HostTraceKind {
  // A device that was made.
  kMade,
  // One that was there, and is in the container.
  kLent,
  // A neighbour proxy on a device.
  kProxy,
  // A route to one address, by a device.
  kRoute,
};

struct HostTrace {
  HostTraceKind kind = HostTraceKind::kMade;
  // The number of the host's network namespace.
  uint64_t network = 0;
  int device = 0;
  // Of kMade and kLent.
  std::string name;
  // Of kLent.
  uint32_t mtu = 0;
  std::optional<HardwareAddressBytes> hardware_address;
  // Of kProxy and kRoute.
  IpAddress address;

  std::string ToString() const;
  bool operator==(const HostTrace&) const = default;
};

// Nothing for what is no such line.
std::optional<HostTrace> ParseHostTrace(std::string_view line);

// The number of the caller's network namespace.
Result<uint64_t> OwnNetworkNumber();

// Removes one; what is no longer there is removed. Of kLent: the device has its old name, MTU and
// hardware address again where it is back.
Status RemoveHostTrace(NetlinkSocket& host, const HostTrace& trace);

// Removes what a dead monitor has left. What is in another network than the caller's is left alone.
Status RemoveHostTraces(const std::vector<std::string>& lines);

// Those of one container while it runs.
class HostTraces {
 public:
  // Is told what there is, in the form of Lines(), whenever that changes.
  using Announce = std::function<Status(const std::vector<std::string>& lines)>;

  explicit HostTraces(Announce announce) : announce_(std::move(announce)) {}

  // Before the thing is made where its name is known by then, else right after it.
  Status Add(HostTrace trace);
  const std::vector<HostTrace>& all() const { return traces_; }
  void Clear();

 private:
  std::vector<std::string> Lines() const;

  Announce announce_;
  std::vector<HostTrace> traces_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_NETWORK_HOST_TRACES_H_
