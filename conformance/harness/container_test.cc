// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/container_test.h"

#include <fmt/format.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
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

void ContainerTest::TearDown() {
  for (const std::string& file : covered_files_) umount2(file.c_str(), MNT_DETACH);
  TesteeTest::TearDown();
}

Result<ConfigItems> ContainerTest::MapIds() {
  constexpr uid_t kFirst = 100000;
  constexpr int kCount = 65536;
  // An implementation may have newuidmap write the maps, which looks here even for root.
  const std::string allowed = scratch() / "subids";
  std::ofstream(allowed) << fmt::format("root:{}:{}\n", kFirst, kCount);
  for (const char* file : {"/etc/subuid", "/etc/subgid"}) {
    if (!fs::exists(file)) continue;
    if (mount(allowed.c_str(), file, nullptr, MS_BIND, nullptr) != 0) {
      return FailErrno(fmt::format("mount({}, MS_BIND)", file));
    }
    covered_files_.emplace_back(file);
  }

  std::error_code error;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(rootfs(), error)) {
    if (lchown(entry.path().c_str(), kFirst, kFirst) != 0) return FailErrno("lchown(rootfs/...)");
  }
  if (error) return Fail(error.value(), "walk through rootfs");
  if (lchown(rootfs().c_str(), kFirst, kFirst) != 0) return FailErrno("lchown(rootfs)");
  return ConfigItems{{"lxc.idmap", fmt::format("u 0 {} {}", kFirst, kCount)},
                     {"lxc.idmap", fmt::format("g 0 {} {}", kFirst, kCount)}};
}

Result<RunningContainer> ContainerTest::Start(const ProbeCommand& init, const ConfigItems& config,
                                              const std::string& name) {
  ASSIGN_OR_RETURN(std::unique_ptr<Container> container, Configure(init, config, name));
  RETURN_IF_ERROR(container->Start({}));
  return RunningContainer(std::move(container));
}

}  // namespace lxcspec
