// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/attach/attached.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "runtime/base/unique_fd.h"
#include "runtime/kernel/credentials.h"

namespace lxcspec::runtime {
namespace {

constexpr char kDefaultPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// /proc and /sys of the namespaces that were entered, in mounts of this process alone.
Status RemountProcAndSys() {
  if (unshare(CLONE_NEWNS) != 0) return ErrnoFailure("unshare(CLONE_NEWNS)");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return ErrnoFailure("mount(/, MS_PRIVATE)");
  }
  constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  for (const auto& [type, target] : {std::pair("proc", "/proc"), std::pair("sysfs", "/sys")}) {
    umount2(target, MNT_DETACH);
    if (mount(type, target, type, kFlags, nullptr) != 0) {
      return ErrnoFailure(fmt::format("mount({})", target));
    }
  }
  return {};
}

void SetVariable(const std::string& assignment) {
  const size_t equals = assignment.find('=');
  if (equals == assignment.npos) return;
  setenv(assignment.substr(0, equals).c_str(), assignment.c_str() + equals + 1, 1);
}

// attach_options.h env_policy: what is kept, then what the container sets, then what was asked for.
void SetEnvironment(const AttachedPlan& plan) {
  const AttachRequest& request = *plan.request;
  if (!request.keep_environment) {
    std::vector<std::string> kept;
    for (const std::string& name : request.kept_variables) {
      if (const char* value = getenv(name.c_str())) kept.push_back(name + "=" + value);
    }
    clearenv();
    for (const std::string& assignment : kept) SetVariable(assignment);
  }
  if (getenv("PATH") == nullptr) setenv("PATH", kDefaultPath, 1);
  for (const std::string& assignment : plan.environment) SetVariable(assignment);
  setenv("container", "lxc", 1);
  for (const std::string& assignment : request.extra_variables) SetVariable(assignment);
}

Status ChangeFolder(const AttachedPlan& plan) {
  if (const auto& asked = plan.request->working_folder) {
    if (chdir(asked->c_str()) != 0) return ErrnoFailure(fmt::format("chdir({})", *asked));
    return {};
  }
  // The caller's folder, if the container has one of that name.
  if (chdir(plan.caller_folder.c_str()) == 0) return {};
  if (chdir("/") != 0) return ErrnoFailure("chdir(/)");
  return {};
}

// The terminal by the name that it has in the container, where programs look for it. Whatever the
// container has put there instead is not taken, and opening it waits for nobody.
UniqueFd ByItsName(int terminal) {
  struct stat given = {};
  struct stat found = {};
  if (fstat(terminal, &given) != 0) return {};
  const std::string name = fmt::format("/dev/pts/{}", minor(given.st_rdev));
  constexpr int kFlags = O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW;
  UniqueFd named(open(name.c_str(), kFlags));
  if (!named.valid() || fstat(named.get(), &found) != 0) return {};
  if (found.st_dev != given.st_dev || found.st_ino != given.st_ino) return {};
  if (fcntl(named.get(), F_SETFL, O_RDWR) != 0) return {};
  return named;
}

Status TakeTerminal(int terminal) {
  if (terminal < 0) return {};
  if (setsid() < 0) return ErrnoFailure("setsid()");
  if (ioctl(terminal, TIOCSCTTY, 0) != 0) return ErrnoFailure("ioctl(TIOCSCTTY)");
  return {};
}

Status TakeStandardDescriptors(const AttachRequest& request) {
  std::array<int, 3> standard = request.standard;
  const UniqueFd named = request.terminal >= 0 ? ByItsName(request.terminal) : UniqueFd();
  const int terminal = named.valid() ? named.get() : request.terminal;
  for (int& fd : standard) {
    if (terminal >= 0 && isatty(fd) != 0) fd = terminal;
  }
  // First out of the way of each other.
  std::array<int, 3> copies{};
  for (size_t i = 0; i < standard.size(); ++i) {
    copies[i] = fcntl(standard[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    // A caller may have closed one of them.
    const bool absent = copies[i] < 0 && errno == EBADF && standard[i] == static_cast<int>(i);
    if (copies[i] < 0 && !absent) return ErrnoFailure(fmt::format("dup({})", standard[i]));
  }
  for (size_t i = 0; i < standard.size(); ++i) {
    if (copies[i] < 0) continue;
    if (dup2(copies[i], static_cast<int>(i)) < 0) return ErrnoFailure(fmt::format("dup2({})", i));
    close(copies[i]);
  }
  return {};
}

Status ChangeUser(const AttachRequest& request) {
  // Ids that no map knows show as the overflow id; 0 can then only be taken where it is mapped.
  const uid_t uid = request.uid.value_or(0);
  const gid_t gid = request.gid.value_or(0);
  const bool asked = request.uid || request.gid || request.groups;
  auto become = BecomeUser(uid, gid, request.groups.value_or(std::vector<gid_t>()));
  if (become || asked || become.error().code != EINVAL) return become;
  return {};
}

// While it still may: later it has no new privileges, and a filter.
Status TakeLabels(AttachedPlan& plan) {
  if (!plan.proc.valid()) return {};
  const bool now = plan.request->labels == LabelTaking::kNow;
  Status taken =
      Confine(plan.confinement, plan.proc.get(), now ? LabelMoment::kNow : LabelMoment::kNextExec);
  // What is run may be a function, which must not find the host's processes.
  plan.proc = UniqueFd();
  return taken;
}

// Whether a filter can still be loaded when all privileges are dropped.
bool KeepsRightToFilter(const AttachedPlan& plan) {
  if (plan.no_new_privs) return true;
  const bool keeps_it = !plan.capabilities || plan.capabilities->test(CAP_SYS_ADMIN);
  return keeps_it && plan.request->uid.value_or(0) == 0;
}

}  // namespace

Status BecomeAttached(AttachedPlan& plan) {
  const AttachRequest& request = *plan.request;
  const bool is_filtered_last = KeepsRightToFilter(plan);
  if (request.remount_proc_and_sys) TRY(RemountProcAndSys());
  if (plan.personality) TRY(SetPersonality(*plan.personality));
  SetEnvironment(plan);
  TRY(ChangeFolder(plan));
  TRY(TakeLabels(plan));
  if (plan.restrict_calls && !is_filtered_last) TRY(plan.restrict_calls());
  if (plan.capabilities) TRY(LimitCapabilities(*plan.capabilities));
  TRY(ChangeUser(request));
  if (plan.capabilities) TRY(DropEffectiveCapabilities(*plan.capabilities));
  if (plan.no_new_privs) TRY(SetNoNewPrivileges());
  TRY(TakeTerminal(request.terminal));
  TRY(TakeStandardDescriptors(request));
  if (plan.restrict_calls && is_filtered_last) return plan.restrict_calls();
  return {};
}

}  // namespace lxcspec::runtime
