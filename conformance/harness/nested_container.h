// SPDX-License-Identifier: Apache-2.0
//
// A container that was started inside of another one: by a process in the outer container's
// namespaces and cgroups and under its policy, with the outer container's root folder as its own.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_NESTED_CONTAINER_H_
#define LXCSPEC_CONFORMANCE_HARNESS_NESTED_CONTAINER_H_

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <utility>

#include "conformance/harness/probed_container.h"

namespace lxcspec {

// What an outer container needs to have containers in it.
ConfigItems ForNesting();

class NestedContainer {
 public:
  // The outer container runs with ForNesting(), and its root folder is `rootfs` outside. The keys
  // have the inner container's view of files: its policy "/policy" is `rootfs`/policy.
  static Result<NestedContainer> Start(Testee& testee, Container& outer,
                                       const std::filesystem::path& rootfs,
                                       const ConfigItems& config);

  NestedContainer(NestedContainer&& other) noexcept
      : testee_(other.testee_),
        outer_(std::exchange(other.outer_, nullptr)),
        channel_(std::move(other.channel_)),
        init_(other.init_) {}
  NestedContainer& operator=(NestedContainer&&) = delete;
  // Stops it.
  ~NestedContainer();

  // In the test's pid namespace.
  pid_t init() const { return init_; }
  // In how many pid namespaces it is, from the test's own on: 3 inside of a container.
  Result<int> Depth() const;

  // Has its init run a command of the probe and waits for the answer.
  Result<std::string> Ask(const ProbeCommand& command);

 private:
  NestedContainer(Testee& testee, Container& outer, ProbeChannel channel, pid_t init)
      : testee_(&testee), outer_(&outer), channel_(std::move(channel)), init_(init) {}

  Testee* testee_;
  Container* outer_;
  ProbeChannel channel_;
  pid_t init_;
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_NESTED_CONTAINER_H_
