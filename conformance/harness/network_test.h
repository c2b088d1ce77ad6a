// SPDX-License-Identifier: Apache-2.0
//
// The fixture of tests about networks. The launcher gives each test a network namespace of its
// own, which is the host to the test's containers; what the test makes there ends with it.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_NETWORK_TEST_H_
#define LXCSPEC_CONFORMANCE_HARNESS_NETWORK_TEST_H_

#include <linux/rtnetlink.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conformance/harness/datagrams.h"         // IWYU pragma: export
#include "conformance/harness/net_namespace.h"     // IWYU pragma: export
#include "conformance/harness/probed_container.h"  // IWYU pragma: export

namespace lxcspec {

class NetworkTest : public ProbedContainerTest {
 protected:
  void SetUp() override;
  void TearDown() override;

  // The namespace that containers are started from.
  const NetNamespace& host() const { return *host_; }
  // A namespace that is neither the host nor a container: a neighbour on the wire.
  const NetNamespace& third() const { return *third_; }

  // The namespace of a container's init.
  static Result<NetNamespace> Inside(const ProbedContainer& container) {
    return NetNamespace::OfProcess(container.init());
  }

  // A pair of devices that are up: `name` on the host, `far` in the third namespace.
  Status MakeWire(const std::string& name, const std::string& far = "far0");
  // A bridge on the host that is up.
  Status MakeBridge(const std::string& name);
  Status MakeFilteringBridge(const std::string& name, uint16_t default_pvid = 1);

  // Stops the container and waits until it has.
  static Status StopAndWait(Container& container);
  // Kills its init from outside and waits until it has stopped.
  static Status KillAndWait(const ProbedContainer& container);

  // The names of the host's devices, sorted.
  Result<std::vector<std::string>> HostDevices() const;

  // Starts a container and, should that succeed, stops it: for starts that must fail. A
  // configuration that is refused fails the test.
  Status StartBriefly(const ConfigItems& config);
  static Status StartBriefly(Container& container);
  // Starts a container, which must fail, and returns what its log has at level ERROR and above.
  Result<std::string> ErrorsOfFailingStart(const ConfigItems& config);

 private:
  Status Prepare();

  std::optional<NetNamespace> host_;
  std::optional<NetNamespace> third_;
  std::vector<std::string> made_;
};

// Keys of an interface: InterfaceItems(3, {{"type", "veth"}}) has lxc.net.3.type.
ConfigItems InterfaceItems(int index, const ConfigItems& items);

// Several in one.
ConfigItems Joined(ConfigItems first, const ConfigItems& second);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_NETWORK_TEST_H_
