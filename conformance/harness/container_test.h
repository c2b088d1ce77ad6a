// SPDX-License-Identifier: Apache-2.0
//
// The fixture of tests that run containers. A container's root is a folder with the probe in it,
// and the probe is its init: it starts in milliseconds and does what its sub-command says.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_CONTAINER_TEST_H_
#define LXCSPEC_CONFORMANCE_HARNESS_CONTAINER_TEST_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "conformance/harness/testee_test.h"  // IWYU pragma: export

namespace lxcspec {

using ConfigItems = std::vector<std::pair<std::string, std::string>>;

// What the probe is told to do in the container: {"pause"}, {"write", "text"}.
using ProbeCommand = std::vector<std::string>;

// A container that is stopped, if it still runs, when its owner lets it go.
class RunningContainer {
 public:
  explicit RunningContainer(std::unique_ptr<Container> container)
      : container_(std::move(container)) {}
  RunningContainer(RunningContainer&&) = default;
  RunningContainer& operator=(RunningContainer&&) = delete;
  ~RunningContainer();

  Container* operator->() const { return container_.get(); }
  Container& operator*() const { return *container_; }

 private:
  std::unique_ptr<Container> container_;
};

class ContainerTest : public TesteeTest {
 protected:
  void SetUp() override;
  void TearDown() override;

  // The root folder of this test's containers.
  std::filesystem::path rootfs() const { return scratch() / "rootfs"; }

  // A container object that is configured to run the probe, not started.
  Result<std::unique_ptr<Container>> Configure(const ProbeCommand& init,
                                               const ConfigItems& config = {},
                                               const std::string& name = "c");

  // A container that runs the probe.
  Result<RunningContainer> Start(const ProbeCommand& init, const ConfigItems& config = {},
                                 const std::string& name = "c");

  // Makes the root folder usable for containers with id maps, and returns the keys that map their
  // ids, root's to an ordinary user's. A container without them can use it no longer.
  Result<ConfigItems> MapIds();

 private:
  std::vector<std::string> covered_files_;  // mounted over; uncovered when the test ends

 protected:
  // A container whose init writes nothing and waits to be stopped.
  Result<RunningContainer> StartSilent(const ConfigItems& config = {},
                                       const std::string& name = "c") {
    return Start({"pause"}, config, name);
  }
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_CONTAINER_TEST_H_
