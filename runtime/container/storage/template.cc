// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/storage/template.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "runtime/container/storage/child.h"

namespace lxcspec::runtime {
namespace {

constexpr char kTemplates[] = "/usr/share/lxc/templates";

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

Status Silence() {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return ErrnoFailure("open(/dev/null)");
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (dup2(null, standard) < 0) return ErrnoFailure("dup2");
  }
  return {};
}

}  // namespace

Result<std::string> FindTemplate(const std::string& name) {
  std::string program = name;
  if (!name.starts_with('/')) {
    if (name.empty() || name.find('/') != name.npos) {
      return Failure(EINVAL,
                     fmt::format("\"{}\" is neither a template nor an absolute path", name));
    }
    program = fmt::format("{}/lxc-{}", kTemplates, name);
  }
  struct stat status = {};
  if (stat(program.c_str(), &status) != 0) return ErrnoFailure(fmt::format("stat({})", program));
  if (!S_ISREG(status.st_mode) || access(program.c_str(), X_OK) != 0) {
    return Failure(EACCES, fmt::format("template {}: is no program", program));
  }
  return program;
}

Status RunTemplate(const TemplateRun& run, const Config& config) {
  const ChildNamespaces namespaces{.id_maps = MapsWithOwner(config), .mounts = true};
  std::vector<std::string> words = {run.program, "--path=" + run.folder, "--name=" + run.name,
                                    "--rootfs=" + run.rootfs};
  words.insert(words.end(), run.arguments.begin(), run.arguments.end());
  if (!namespaces.id_maps.empty()) {
    words.push_back(fmt::format("--mapped-uid={}", OwnerWithin(namespaces.id_maps, IdKind::kUser)));
    words.push_back(
        fmt::format("--mapped-gid={}", OwnerWithin(namespaces.id_maps, IdKind::kGroup)));
  }
  const std::vector<char*> argv = Pointers(words);
  Status done = RunInChild(namespaces, [&]() -> Status {
    if (!namespaces.id_maps.empty() && chown(run.rootfs.c_str(), 0, 0) != 0) {
      return ErrnoFailure(fmt::format("chown({})", run.rootfs));
    }
    if (run.quiet) TRY(Silence());
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execv(run.program.c_str(), argv.data());
    return ErrnoFailure("execve");
  });
  if (done) return {};
  Error error = std::move(done).error();
  error.attempted = fmt::format("template {}: {}", run.program, error.attempted);
  return Forward(std::move(error));
}

}  // namespace lxcspec::runtime
