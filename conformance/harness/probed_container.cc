// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/probed_container.h"

namespace lxcspec {
namespace {

std::chrono::milliseconds Patience() { return TestEnvironment().Scaled(kPatience); }

}  // namespace

Result<std::string> ProbedContainer::Ask(const ProbeCommand& command) {
  return channel_.Ask(command, Patience());
}

Status ProbedContainer::AwaitNextInit() {
  ASSIGN_OR_RETURN(init_, channel_.Accept(Patience()));
  return {};
}

Result<ProbedContainer> ProbedContainerTest::StartProbed(const ConfigItems& config,
                                                         const ProbeCommand& first,
                                                         const std::string& name) {
  const std::string socket = name + ".sock";
  ASSIGN_OR_RETURN(ProbeChannel channel, ProbeChannel::Listen(rootfs(), socket));
  ProbeCommand command = first;
  if (!command.empty()) command.emplace_back("then");
  command.insert(command.end(), {"serve", "/" + socket});
  ASSIGN_OR_RETURN(RunningContainer container, Start(command, config, name));
  ASSIGN_OR_RETURN(const pid_t init, channel.Accept(Patience()));
  return ProbedContainer(std::move(container), std::move(channel), init);
}

}  // namespace lxcspec
