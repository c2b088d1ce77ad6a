// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/nested_container.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

constexpr char kName[] = "inner";
constexpr char kSocket[] = "inner.sock";
// As the outer container sees them.
constexpr char kLxcpath[] = "/lxc";
constexpr char kRoot[] = "/inner";
// Where the attached process says what went wrong.
constexpr char kSaid[] = "/inner.said";
constexpr int kSecondsToStop = 10;

Status MakeRoot(const fs::path& root) {
  std::error_code error;
  for (const char* folder : {"dev", "proc", "sys", "run", "tmp", "etc"}) {
    fs::create_directories(root / folder, error);
    if (error) return Fail(error.value(), "mkdir " + (root / folder).string());
  }
  fs::copy_file(TestEnvironment().probe, root / "probe", fs::copy_options::overwrite_existing,
                error);
  if (error) return Fail(error.value(), "copy the probe " + TestEnvironment().probe);
  return {};
}

// In a process of the outer container from here on, without GoogleTest.

Status StartInside(Testee& testee, const ConfigItems& config) {
  ASSIGN_OR_RETURN(auto container, testee.NewContainer(kName, kLxcpath));
  for (const auto& [key, value] : config) RETURN_IF_ERROR(container->SetConfigItem(key, value));
  return container->Start({});
}

Status StopInside(Testee& testee) {
  ASSIGN_OR_RETURN(auto container, testee.NewContainer(kName, kLxcpath));
  RETURN_IF_ERROR(container->Stop());
  return container->Wait("STOPPED", kSecondsToStop);
}

int Say(const Status& done) {
  if (done) return 0;
  std::ofstream(kSaid) << done.error().ToString();
  return 1;
}

}  // namespace

ConfigItems ForNesting() {
  return {{"lxc.mount.auto", "proc:rw sys:rw cgroup:rw:force"}, {"lxc.pty.max", "64"}};
}

Result<NestedContainer> NestedContainer::Start(Testee& testee, Container& outer,
                                               const fs::path& rootfs, const ConfigItems& config) {
  const fs::path root = rootfs / kName;
  RETURN_IF_ERROR(MakeRoot(root));
  fs::create_directories(rootfs / "lxc");
  // Where an implementation mounts the root before it is the root.
  fs::create_directories(rootfs / "mnt");
  ASSIGN_OR_RETURN(ProbeChannel channel, ProbeChannel::Listen(root, kSocket));
  ConfigItems items = {
      {"lxc.rootfs.path", std::string("dir:") + kRoot},
      {"lxc.rootfs.mount", "/mnt"},
      {"lxc.init.cmd", std::string("/probe serve /") + kSocket},
      {"lxc.uts.name", kName},
      {"lxc.net.0.type", "empty"},
      {"lxc.apparmor.profile", "unconfined"},
  };
  items.insert(items.end(), config.begin(), config.end());

  ASSIGN_OR_RETURN(const int status,
                   outer.AttachWait([&] { return Say(StartInside(testee, items)); }));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::ifstream said(rootfs / (kSaid + 1));
    std::ostringstream text;
    text << said.rdbuf();
    return Fail(EPROTO, fmt::format("start a container in a container (status {}): {}", status,
                                    text.str()));
  }
  ASSIGN_OR_RETURN(const pid_t init, channel.Accept(TestEnvironment().Scaled(kPatience)));
  return NestedContainer(testee, outer, std::move(channel), init);
}

NestedContainer::~NestedContainer() {
  if (outer_ == nullptr || !outer_->IsRunning()) return;
  static_cast<void>(outer_->AttachWait([this] { return Say(StopInside(*testee_)); }));
}

Result<int> NestedContainer::Depth() const {
  const std::string file = fmt::format("/proc/{}/status", init_);
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("NSpid:")) continue;
    std::istringstream numbers(line.substr(line.find(':') + 1));
    int depth = 0;
    for (pid_t number = 0; numbers >> number;) ++depth;
    return depth;
  }
  return Fail(ESRCH, "read NSpid of " + file);
}

Result<std::string> NestedContainer::Ask(const ProbeCommand& command) {
  return channel_.Ask(command, TestEnvironment().Scaled(kPatience));
}

}  // namespace lxcspec
