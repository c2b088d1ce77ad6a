// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/users_namespaces.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <string>
#include <utility>

#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

// Who is no user, or in no group, of a namespace can make none below it.
bool MapOnly(uid_t outside) {
  std::ofstream("/proc/self/setgroups") << "deny" << std::flush;
  for (const char* map : {"/proc/self/uid_map", "/proc/self/gid_map"}) {
    std::ofstream(map) << "0 " << outside << " 1" << std::flush;
  }
  return geteuid() == 0 && getegid() == 0;
}

bool Enter(uid_t user, int depth) {
  if (setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0) return false;
  if (prctl(PR_SET_DUMPABLE, 1) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return false;
  for (int level = 0; level < depth; ++level) {
    if (unshare(CLONE_NEWUSER) != 0 || !MapOnly(level == 0 ? user : 0)) return false;
  }
  return depth == 0 || unshare(CLONE_NEWNET) == 0;
}

}  // namespace

UsersNamespaces::UsersNamespaces(uid_t user, int depth) {
  std::array<int, 2> ready;
  EXPECT_EQ(pipe2(ready.data(), O_CLOEXEC), 0);
  const UniqueFd reader(ready[0]);
  const UniqueFd writer(ready[1]);
  pid_ = fork();
  if (pid_ == 0) {
    const char answer = Enter(user, depth) ? 'y' : 'n';
    if (write(writer.get(), &answer, 1) != 1) _exit(1);
    while (true) pause();
  }
  char answer = 'n';
  EXPECT_EQ(read(reader.get(), &answer, 1), 1);
  EXPECT_EQ(answer, 'y') << "no namespaces for user " << user;
}

UsersNamespaces::~UsersNamespaces() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

UniqueFd UsersNamespaces::Network() const {
  auto fd = Open("/proc/" + std::to_string(pid_) + "/ns/net", O_RDONLY);
  EXPECT_TRUE(fd);
  return fd ? *std::move(fd) : UniqueFd();
}

}  // namespace lxcspec::runtime
