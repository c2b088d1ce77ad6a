// SPDX-License-Identifier: Apache-2.0
//
// lxc-user-nic(1), installed setuid root: interfaces of containers whose users are not root, as far
// as /etc/lxc/lxc-usernet allows them. Nothing that the user can choose but the arguments counts.

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/unique_fd.h"
#include "runtime/container/user_nic/allowlist.h"
#include "runtime/container/user_nic/request.h"
#include "runtime/container/user_nic/user_nic.h"
#include "runtime/kernel/descriptors.h"
#include "runtime/kernel/netlink/socket.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

constexpr char kAllowlist[] = "/etc/lxc/lxc-usernet";
constexpr char kRunFolder[] = "/run/lxc";
constexpr char kLock[] = "/run/lxc/user-nic.lock";

// What a user can give to a program beside its arguments. Done in front of everything else.
Status LeaveTheUsersWorld() {
  clearenv();
  umask(077);
  if (chdir("/") != 0) return ErrnoFailure("chdir(/)");
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // The lowest number that is free: this one.
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) {
      return ErrnoFailure("open(/dev/null)");
    }
  }
  CloseOthers({STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
  // A terminal's signals come whoever the process is.
  sigset_t all;
  sigfillset(&all);
  if (sigprocmask(SIG_SETMASK, &all, nullptr) != 0) return ErrnoFailure("sigprocmask()");
  return {};
}

// From here on the user can neither signal nor stop it.
Status BecomeRoot() {
  if (geteuid() != 0) return Failure(EPERM, "lxc-user-nic has to be setuid root");
  if (setgroups(0, nullptr) != 0) return ErrnoFailure("setgroups()");
  if (setresgid(0, 0, 0) != 0) return ErrnoFailure("setresgid()");
  if (setresuid(0, 0, 0) != 0) return ErrnoFailure("setresuid()");
  const rlimit none{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  if (setrlimit(RLIMIT_CPU, &none) != 0) return ErrnoFailure("setrlimit(RLIMIT_CPU)");
  return {};
}

// Whether all of it was printed.
bool Print(int fd, const std::string& text) {
  return write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Two at a time would both find the last place free. Held until it is closed.
Result<UniqueFd> Lock() {
  if (mkdir(kRunFolder, 0755) == 0) {
    // The mask is not the one of folders.
    if (chmod(kRunFolder, 0755) != 0) return ErrnoFailure("chmod(/run/lxc)");
  } else if (errno != EEXIST) {
    return ErrnoFailure("mkdir(/run/lxc)");
  }
  auto file = Open(kLock, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (!file) return file;
  if (flock(file->get(), LOCK_EX) != 0) return ErrnoFailure(fmt::format("flock({})", kLock));
  return file;
}

Status Delete(const NicUser& user, const NicRequest& request) {
  const auto lock = Lock();
  if (!lock) return Forward(lock.error());
  auto host = NetlinkSocket::Open();
  if (!host) return Forward(std::move(host).error());
  return DeleteUserNic(*host, user, request);
}

Result<UserNic> Make(const NicUser& user, const NicRequest& request) {
  const auto lock = Lock();
  if (!lock) return Forward(lock.error());
  auto host = NetlinkSocket::Open();
  if (!host) return Forward(std::move(host).error());
  const auto allowances = ReadAllowances(kAllowlist);
  if (!allowances) return Forward(allowances.error());
  return CreateUserNic(*host, user, *allowances, request);
}

Status Create(const NicUser& user, const NicRequest& request) {
  const auto made = Make(user, request);
  if (!made) return Forward(made.error());
  // Without the lock: who reads it may take his time.
  if (Print(STDOUT_FILENO, made->ToString() + "\n")) return {};
  const int code = errno;
  // Who is not told of it cannot use it.
  TRY(Delete(user,
             {.action = NicAction::kDelete, .bridge = request.bridge, .device = made->host_name}));
  return Failure(code, "print what was made");
}

Status Serve(uid_t caller, const std::vector<std::string>& words) {
  const auto request = ParseNicRequest(words);
  if (!request) return Forward(request.error());
  const auto user = FindNicUser(caller);
  if (!user) return Forward(user.error());
  return request->action == NicAction::kDelete ? Delete(*user, *request) : Create(*user, *request);
}

}  // namespace
}  // namespace lxcspec::runtime

int main(int argc, char** argv) {
  using namespace lxcspec::runtime;  // NOLINT(google-build-using-namespace)
  const uid_t caller = getuid();
  Status done = LeaveTheUsersWorld();
  if (done) done = BecomeRoot();
  if (done) done = Serve(caller, {argv + (argc > 0 ? 1 : 0), argv + argc});
  if (done) return EXIT_SUCCESS;
  Print(STDERR_FILENO, "lxc-user-nic: " + done.error().ToString() + "\n");
  return EXIT_FAILURE;
}
