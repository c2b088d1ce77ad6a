// SPDX-License-Identifier: Apache-2.0
//
// A probe that was attached to a running container and does what the test tells it.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_ATTACHED_PROBE_H_
#define LXCSPEC_CONFORMANCE_HARNESS_ATTACHED_PROBE_H_

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <utility>

#include "conformance/harness/container_test.h"
#include "conformance/harness/other_client.h"
#include "conformance/probes/channel.h"

namespace lxcspec {

class AttachedProbe {
 public:
  // Another client attaches /probe of the container's root folder, which is `rootfs` outside.
  static Result<AttachedProbe> Start(Container& container, const std::filesystem::path& rootfs);

  AttachedProbe(AttachedProbe&&) = default;
  AttachedProbe& operator=(AttachedProbe&&) = delete;
  // Ends the probe, and waits for the client.
  ~AttachedProbe();

  // In the test's pid namespace.
  pid_t pid() const { return pid_; }

  // Has it run a command of the probe and waits for the answer.
  Result<std::string> Ask(const ProbeCommand& command);

 private:
  AttachedProbe(OtherClient client, ProbeChannel channel, pid_t pid)
      : client_(std::move(client)), channel_(std::move(channel)), pid_(pid) {}

  OtherClient client_;
  ProbeChannel channel_;
  pid_t pid_;
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_ATTACHED_PROBE_H_
