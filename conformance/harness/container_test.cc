// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/container_test.h"

#include <fmt/format.h>

#include <system_error>

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

constexpr char kProbeInside[] = "/probe";

// lxc.init.cmd is split at blanks, and how to quote one is documented nowhere; the probe's words
// have none (conformance/probes/escape.h).
std::string CommandLine(const ProbeCommand& command) {
  return fmt::format("{} {}", kProbeInside, fmt::join(command, " "));
}

}  // namespace

RunningContainer::~RunningContainer() {
  if (container_ == nullptr || !container_->IsRunning()) return;
  // The test may have broken its container on purpose; what stays alive is the audit's to report.
  static_cast<void>(container_->Stop());
}

void ContainerTest::SetUp() {
  TesteeTest::SetUp();
  if (HasFatalFailure()) return;
  std::error_code error;
  for (const char* folder : {"dev", "proc", "sys", "run", "tmp", "etc"}) {
    fs::create_directories(rootfs() / folder, error);
    if (error) return Broken("mkdir " + (rootfs() / folder).string() + ": " + error.message());
  }
  fs::copy_file(TestEnvironment().probe, rootfs() / "probe", error);
  if (error) return Broken("copy the probe " + TestEnvironment().probe + ": " + error.message());
}

Result<std::unique_ptr<Container>> ContainerTest::Configure(const ProbeCommand& init,
                                                            const ConfigItems& config,
                                                            const std::string& name) {
  ASSIGN_OR_RETURN(std::unique_ptr<Container> container, NewContainer(name));
  ConfigItems items = {
      {"lxc.rootfs.path", "dir:" + rootfs().string()},
      {"lxc.init.cmd", CommandLine(init)},
      {"lxc.uts.name", name},
      {"lxc.net.0.type", "empty"},
      // The profile that a distribution's build starts containers with by default may not be
      // loaded here; confinement is not what these tests are about.
      {"lxc.apparmor.profile", "unconfined"},
  };
  items.insert(items.end(), config.begin(), config.end());
  for (const auto& [key, value] : items) {
    RETURN_IF_ERROR(container->SetConfigItem(key, value));
  }
  return container;
}

Result<RunningContainer> ContainerTest::Start(const ProbeCommand& init, const ConfigItems& config,
                                              const std::string& name) {
  ASSIGN_OR_RETURN(std::unique_ptr<Container> container, Configure(init, config, name));
  RETURN_IF_ERROR(container->Start({}));
  return RunningContainer(std::move(container));
}

}  // namespace lxcspec
