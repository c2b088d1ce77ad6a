// SPDX-License-Identifier: Apache-2.0
//
// A test's end of a channel to the probe: a Unix socket in the container's root folder, to which
// `probe serve` connects. With it a test knows what its container's init does and when, without
// asking the implementation under test.

#ifndef LXCSPEC_CONFORMANCE_PROBES_CHANNEL_H_
#define LXCSPEC_CONFORMANCE_PROBES_CHANNEL_H_

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {

class ProbeChannel {
 public:
  // Makes the socket `name` in the folder; inside the container it is "/<name>".
  static Result<ProbeChannel> Listen(const std::filesystem::path& rootfs,
                                     const std::string& name = "probe.sock");

  // Waits until a probe has connected, and talks to that one from now on. Returns its process id
  // as the kernel knows it in the caller's pid namespace. Fails with ETIMEDOUT.
  Result<pid_t> Accept(std::chrono::milliseconds timeout);

  // Has the probe run one command and waits for the answer. Returns the answer's text; fails with
  // the errno that the command answered, ETIMEDOUT, or ECONNRESET when the probe is gone.
  Result<std::string> Ask(const std::vector<std::string>& words, std::chrono::milliseconds timeout);

  // Has the probe run one command whose end may never come.
  Status Tell(const std::vector<std::string>& words);

 private:
  explicit ProbeChannel(UniqueFd listener) : listener_(std::move(listener)) {}

  UniqueFd listener_;
  UniqueFd peer_;
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_PROBES_CHANNEL_H_
