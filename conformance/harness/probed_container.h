// SPDX-License-Identifier: Apache-2.0
//
// A running container whose init does what the test tells it, when the test tells it.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_PROBED_CONTAINER_H_
#define LXCSPEC_CONFORMANCE_HARNESS_PROBED_CONTAINER_H_

#include <sys/types.h>

#include <string>
#include <utility>

#include "conformance/harness/container_test.h"  // IWYU pragma: export
#include "conformance/probes/channel.h"

namespace lxcspec {

class ProbedContainer {
 public:
  ProbedContainer(RunningContainer container, ProbeChannel channel, pid_t init)
      : container_(std::move(container)), channel_(std::move(channel)), init_(init) {}

  Container* operator->() const { return &*container_; }
  Container& operator*() const { return *container_; }

  // The init's process id in the test's pid namespace, as the kernel told it, not the testee.
  pid_t init() const { return init_; }

  // Has the init run a command of the probe and waits for the answer.
  Result<std::string> Ask(const ProbeCommand& command);

  // The same for a command that answers late or never.
  Status Tell(const ProbeCommand& command) { return channel_.Tell(command); }

  // Waits for the init of the container's next run, after a restart or a reboot.
  Status AwaitNextInit();

 private:
  RunningContainer container_;
  ProbeChannel channel_;
  pid_t init_;
};

class ProbedContainerTest : public ContainerTest {
 protected:
  // A container whose init has run `first` and then listens to the test.
  Result<ProbedContainer> StartProbed(const ConfigItems& config = {},
                                      const ProbeCommand& first = {},
                                      const std::string& name = "c");
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_PROBED_CONTAINER_H_
