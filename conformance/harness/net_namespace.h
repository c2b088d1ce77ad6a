// SPDX-License-Identifier: Apache-2.0
//
// A network namespace: that of the test, of a container, or a third one. A test looks into it and
// changes it without entering: a thread does that for it, and ends.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_NET_NAMESPACE_H_
#define LXCSPEC_CONFORMANCE_HARNESS_NET_NAMESPACE_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "conformance/harness/netlink_dump.h"
#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {

class NetNamespace {
 public:
  static Result<NetNamespace> OfThisProcess();
  static Result<NetNamespace> OfProcess(pid_t pid);
  // One that ends with its last descriptor; lo is up.
  static Result<NetNamespace> MakeNew();

  int fd() const { return fd_.get(); }

  // Runs the function in a thread in the namespace and returns what it returns. Sockets that it
  // opens stay in the namespace.
  template <typename Body>
  std::invoke_result_t<Body> Run(Body body) const {
    std::optional<std::invoke_result_t<Body>> result;
    RETURN_IF_ERROR(RunInThread([&] { result.emplace(body()); }));
    return *std::move(result);
  }

  // What is there.
  Result<std::vector<Link>> Links() const { return Run(DumpLinks); }
  Result<Link> FindLink(const std::string& name) const;  // ENODEV
  Result<std::vector<Address>> Addresses() const { return Run(DumpAddresses); }
  Result<std::vector<Route>> Routes() const { return Run(DumpRoutes); }
  Result<std::vector<NeighbourProxy>> NeighbourProxies() const { return Run(DumpNeighbourProxies); }
  Result<std::vector<BridgeVlan>> BridgeVlans(const std::string& port) const;
  // "net/ipv4/conf/eth0/forwarding"
  Result<std::string> ReadSysctl(const std::string& path) const;

  // Devices. New ones are down.
  Status AddVeth(const std::string& name, const std::string& peer,
                 const NetNamespace& peers_namespace) const;
  Status AddBridge(const std::string& name, bool vlan_filtering = false,
                   uint16_t default_pvid = 1) const;
  Status AddMacvlan(const std::string& name, const std::string& parent, uint32_t mode) const;
  Status AddIpvlan(const std::string& name, const std::string& parent, uint16_t mode,
                   uint16_t flags) const;
  Status AddVlan(const std::string& name, const std::string& parent, uint16_t id) const;
  Status DeleteLink(const std::string& name) const;
  Status SetUp(const std::string& name, bool up = true) const;
  Status SetMtu(const std::string& name, uint32_t mtu) const;
  Status SetBridge(const std::string& port, const std::string& bridge) const;
  Status AddBridgeVlan(const std::string& port, const BridgeVlan& vlan) const;
  Status DeleteBridgeVlan(const std::string& port, uint16_t id) const;

  // Addresses are there at once, IPv6 too: nobody is asked whether he has it already.
  Status AddAddress(const std::string& device, const std::string& address) const;
  // An empty gateway: none. An empty device: the one that leads to the gateway.
  Status AddRoute(const std::string& destination, const std::string& gateway,
                  const std::string& device) const;
  Status AddNeighbourProxy(const std::string& device, const std::string& address) const;
  Status WriteSysctl(const std::string& path, const std::string& value) const;

 private:
  explicit NetNamespace(UniqueFd fd) : fd_(std::move(fd)) {}
  Status RunInThread(const std::function<void()>& body) const;

  UniqueFd fd_;
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_NET_NAMESPACE_H_
