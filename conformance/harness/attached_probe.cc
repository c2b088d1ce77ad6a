// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/attached_probe.h"

#include <sys/wait.h>

namespace lxcspec {
namespace {

constexpr char kSocket[] = "attached.sock";

std::chrono::milliseconds Patience() { return TestEnvironment().Scaled(kPatience); }

}  // namespace

Result<AttachedProbe> AttachedProbe::Start(Container& container,
                                           const std::filesystem::path& rootfs) {
  std::error_code error;
  std::filesystem::remove(rootfs / kSocket, error);
  ASSIGN_OR_RETURN(ProbeChannel channel, ProbeChannel::Listen(rootfs, kSocket));
  ASSIGN_OR_RETURN(OtherClient client, OtherClient::Start([&] {
                     const auto status =
                         container.AttachRunWait({"/probe", "serve", std::string("/") + kSocket});
                     return status && WIFEXITED(*status) && WEXITSTATUS(*status) == 0;
                   }));
  ASSIGN_OR_RETURN(const pid_t pid, channel.Accept(Patience()));
  return AttachedProbe(std::move(client), std::move(channel), pid);
}

AttachedProbe::~AttachedProbe() {
  if (client_.pid() < 0) return;
  // Where the container has ended, so has the probe.
  static_cast<void>(channel_.Tell({"exit", "0"}));
  static_cast<void>(client_.Await());
}

Result<std::string> AttachedProbe::Ask(const ProbeCommand& command) {
  return channel_.Ask(command, Patience());
}

}  // namespace lxcspec
