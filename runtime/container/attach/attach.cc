// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/attach/attach.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include "runtime/container/attach/attached.h"
#include "runtime/container/setup/confinement.h"
#include "runtime/container/setup/plan.h"
#include "runtime/extensions/core_scheduling.h"
#include "runtime/extensions/environment_runtime_hooks.h"
#include "runtime/kernel/cgroup.h"
#include "runtime/kernel/cgroup_layout.h"
#include "runtime/kernel/clone.h"
#include "runtime/kernel/lsm.h"
#include "runtime/kernel/namespaces.h"
#include "runtime/kernel/path.h"
#include "runtime/kernel/pidfd.h"
#include "runtime/kernel/seccomp/filter.h"
#include "runtime/kernel/seccomp/listener_slot.h"
#include "runtime/kernel/socket.h"

namespace lxcspec::runtime {
namespace {

// What guide and attached process tell the caller, one record each.
struct Report {
  // The attached process as the caller knows it, or 0 in the report of a failure.
  pid_t attached = 0;
  int code = 0;
  std::array<char, 256> attempted = {};
};

std::string_view BytesOf(const Report& report) {
  return {reinterpret_cast<const char*>(&report), sizeof(report)};
}

void Tell(const UniqueFd& socket, const Report& report) {
  // Nobody is there to be told of a failure here.
  static_cast<void>(SendAll(socket, BytesOf(report)));
}

void TellFailure(const UniqueFd& socket, const Error& error) {
  Report report{.code = error.code};
  strncpy(report.attempted.data(), error.attempted.c_str(), report.attempted.size() - 1);
  Tell(socket, report);
}

// Where the container's first process is in every hierarchy. Read while it is held.
Result<std::vector<CgroupHierarchy>> CgroupsOfInit(const AttachTarget& target) {
  auto found = CgroupsOf(std::to_string(target.init_pid));
  if (!found) return Forward(std::move(found).error());
  if (HasEnded(target.init_pidfd)) return Failure(ESRCH, "the container's init");
  return std::move(found->all);
}

// What there is of labels to take. Read while the container's first process is held.
Status PlanLabels(const AttachTarget& target, AttachedPlan& plan) {
  const LsmState state = ReadLsmState();
  if (plan.request->labels == LabelTaking::kNever || (!state.apparmor && !state.selinux)) return {};
  const auto own = ReadLsmLabels(state, "self");
  if (!own) return Forward(own.error());
  const auto of_init = ReadLsmLabels(state, std::to_string(target.init_pid));
  if (!of_init) return Forward(of_init.error());
  if (HasEnded(target.init_pidfd)) return Failure(ESRCH, "the container's init");
  plan.confinement = PlanAttachedConfinement(state, *own, *of_init, plan.request->label);
  if (plan.confinement.apparmor.empty() && plan.confinement.selinux.empty()) return {};
  auto proc = Open("/proc", O_PATH | O_DIRECTORY);
  if (!proc) return Forward(std::move(proc).error());
  plan.proc = *std::move(proc);
  return {};
}

Status EnterCgroups(const std::vector<CgroupHierarchy>& hierarchies) {
  const auto own = CgroupsOf("self");
  for (const CgroupHierarchy& hierarchy : hierarchies) {
    const bool there = own && std::any_of(own->all.begin(), own->all.end(), [&](const auto& mine) {
                         return mine.folder == hierarchy.folder;
                       });
    if (there) continue;
    const auto cgroup = Cgroup::Open(hierarchy.folder, hierarchy.version);
    if (!cgroup) return Forward(cgroup.error());
    auto added = cgroup->Add(0);
    // Who was given no cgroups has none of the container's to enter.
    const bool forbidden = !added && (added.error().code == EACCES || added.error().code == EPERM);
    if (!added && (!forbidden || geteuid() == 0)) return added;
  }
  return {};
}

// A child of the caller's parent.
pid_t CloneSibling(uint64_t flags) {
  constexpr size_t kArguments = 8;
  std::array<uint64_t, kArguments> arguments = {CLONE_PARENT | flags};
  const long pid = syscall(SYS_clone3, arguments.data(), sizeof(arguments));
  if (pid >= 0 || errno != ENOSYS) return static_cast<pid_t>(pid);
  return static_cast<pid_t>(
      syscall(SYS_clone, CLONE_PARENT | flags | SIGCHLD, nullptr, nullptr, nullptr, 0));
}

// Nothing that comes after it may fail for want of a call that the filter forbids.
Status Restrict(const AttachFilter& filter, const std::optional<ListenerSlot>& slot) {
  auto listener = LoadSeccompFilter(filter.program, filter.notifies);
  if (!listener) return Forward(std::move(listener).error());
  // Closed by exec: closing it now is a call that somebody might have to answer.
  const int fd = listener->Release();
  if (slot) slot->Offer(fd);
  return {};
}

// The guide's part in that, which shares its descriptors with the attached process.
void PassListener(const UniqueFd& report, pid_t attached, const ListenerSlot& slot) {
  // It is not reaped before the guide has ended.
  auto pidfd = OpenPidfd(attached);
  while (pidfd && !HasEnded(*pidfd)) {
    const auto fd = slot.Offered();
    if (!fd) {
      constexpr timespec kGlance{.tv_sec = 0, .tv_nsec = 100'000};
      nanosleep(&kGlance, nullptr);
      continue;
    }
    const Report with_listener{.attached = attached};
    const std::array<int, 1> fds = {*fd};
    static_cast<void>(SendAll(report, BytesOf(with_listener), fds));
    break;
  }
  // From here on the descriptors are the attached process's. Whether the listener got through is
  // seen by who waits for it.
  if (pidfd) *pidfd = UniqueFd();
  slot.Take();
}

[[noreturn]] void RunAttached(AttachedPlan& plan, UniqueFd report) {
  const auto done = BecomeAttached(plan);
  if (!done) {
    TellFailure(report, done.error());
    _exit(EXIT_FAILURE);
  }
  // Nothing of the host is in this process any more.
  prctl(PR_SET_DUMPABLE, 1);
  // The caller sees the end of the reports, and that all went well.
  report = UniqueFd();
  _exit(plan.request->function());
}

// While the caller's right to look into the init is there, and its number is the caller's.
Status TakeDomain(const AttachTarget& target, const AttachedPlan& plan) {
  if (!plan.core_domain) return {};
  TRY(JoinCoreDomain(target.init_pid));
  return HasEnded(target.init_pidfd) ? Failure(ESRCH, "the container's init") : Status();
}

[[noreturn]] void Guide(const AttachTarget& target, const std::vector<CgroupHierarchy>& cgroups,
                        const ProcessNamespaces& namespaces, AttachedPlan& plan,
                        const std::optional<ListenerSlot>& slot, UniqueFd report) {
  // Nobody in the container may look into a process that still holds the host's descriptors.
  prctl(PR_SET_DUMPABLE, 0);
  const auto entered = [&]() -> Status {
    TRY(TakeDomain(target, plan));
    TRY(EnterCgroups(cgroups));
    return namespaces.Enter();
  }();
  if (!entered) {
    TellFailure(report, entered.error());
    _exit(EXIT_FAILURE);
  }
  const pid_t pid = CloneSibling(slot ? CLONE_FILES : 0);
  if (pid == 0) RunAttached(plan, std::move(report));
  if (pid < 0) TellFailure(report, {.code = errno, .attempted = "clone(CLONE_PARENT)"});
  if (pid > 0) Tell(report, {.attached = pid});
  if (pid > 0 && slot) PassListener(report, pid, *slot);
  _exit(EXIT_SUCCESS);
}

// All reports, until both processes have nothing more to tell.
std::vector<Report> Reports(const UniqueFd& socket, std::vector<UniqueFd>& fds) {
  std::string bytes;
  std::array<char, sizeof(Report)> part;
  while (true) {
    const auto count = Receive(socket, part, fds);
    if (!count || *count == 0) break;
    bytes.append(part.data(), *count);
  }
  std::vector<Report> reports(bytes.size() / sizeof(Report));
  memcpy(reports.data(), bytes.data(), reports.size() * sizeof(Report));
  return reports;
}

void WaitFor(pid_t process) {
  while (waitpid(process, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// Does not let the attached process go on with calls that nobody can answer.
Result<pid_t> WithListener(pid_t attached, const AttachRequest& request,
                           std::vector<UniqueFd>& fds) {
  const Status taken = fds.empty() ? Failure(ECHILD, "the attached process's seccomp listener")
                                   : request.take_listener(std::move(fds.front()));
  if (taken) return attached;
  kill(attached, SIGKILL);
  WaitFor(attached);
  return Forward(taken.error());
}

}  // namespace

Result<pid_t> Attach(const AttachTarget& target, const Config& config,
                     const AttachRequest& request) {
  auto namespaces = ProcessNamespaces::Open(target.init_pidfd, target.init_pid,
                                            request.namespaces.value_or(~uint64_t{0}));
  if (!namespaces) return Forward(std::move(namespaces).error());
  std::vector<CgroupHierarchy> cgroups;
  if (request.move_to_cgroup) {
    auto found = CgroupsOfInit(target);
    if (!found) return Forward(std::move(found).error());
    cgroups = *std::move(found);
  }
  AttachedPlan plan{
      .request = &request, .confinement = {}, .proc = UniqueFd(), .caller_folder = "/"};
  TRY(PlanLabels(target, plan));
  std::error_code error;
  if (const auto folder = std::filesystem::current_path(error); !error) {
    plan.caller_folder = folder.string();
  }
  if (request.drop_capabilities) {
    const auto capabilities = PlanCapabilities(config);
    if (!capabilities) return Forward(capabilities.error());
    plan.capabilities = *capabilities;
  }
  if (request.set_personality) {
    plan.personality = request.personality ? request.personality : PlanPersonality(config);
  }
  const auto& no_new_privs = config.Values("lxc.no_new_privs");
  plan.no_new_privs = request.no_new_privs || (!no_new_privs.empty() && no_new_privs[0] == "1");
  const auto& core_domain = config.Values("lxc.sched.core");
  plan.core_domain = !core_domain.empty() && core_domain[0] == "1";
  // environment_runtime_hooks.attached
  plan.environment = RuntimeVariables(ReadEnvironmentKeys(config));

  std::optional<ListenerSlot> slot;
  if (request.filter.notifies) {
    auto made = ListenerSlot::Create();
    if (!made) return Forward(std::move(made).error());
    slot = *std::move(made);
  }
  if (!request.filter.program.empty()) {
    plan.restrict_calls = [&] { return Restrict(request.filter, slot); };
  }
  auto sockets = SocketPair();
  if (!sockets) return Forward(std::move(sockets).error());
  const pid_t guide = fork();
  if (guide < 0) return ErrnoFailure("fork()");
  if (guide == 0) {
    sockets->first = UniqueFd();
    Guide(target, cgroups, *namespaces, plan, slot, std::move(sockets->second));
  }
  sockets->second = UniqueFd();
  std::vector<UniqueFd> fds;
  const std::vector<Report> reports = Reports(sockets->first, fds);
  WaitFor(guide);
  pid_t attached = 0;
  const Report* failure = nullptr;
  for (const Report& report : reports) {
    if (report.attached > 0) attached = report.attached;
    if (report.code != 0) failure = &report;
  }
  if (failure == nullptr && attached > 0 && slot) return WithListener(attached, request, fds);
  if (failure == nullptr && attached > 0) return attached;
  if (attached > 0) WaitFor(attached);
  if (failure == nullptr) return Failure(ECHILD, "the attaching process died");
  return Failure(failure->code, failure->attempted.data());
}

}  // namespace lxcspec::runtime
