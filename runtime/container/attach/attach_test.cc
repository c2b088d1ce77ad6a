// SPDX-License-Identifier: Apache-2.0
//
// Attaches to a process in namespaces of its own, and needs root for it.

#include "runtime/container/attach/attach.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "runtime/kernel/clone.h"
#include "runtime/kernel/pidfd.h"

namespace lxcspec::runtime {
namespace {

constexpr char kHostName[] = "inside";

class AttachTest : public ::testing::Test {
 protected:
  AttachTest() {
    std::array<int, 2> ready{};
    EXPECT_EQ(pipe2(ready.data(), O_CLOEXEC), 0);
    auto cloned = Clone(
        {.namespaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET});
    EXPECT_TRUE(cloned) << cloned.error().ToString();
    if (cloned->pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (sethostname(kHostName, strlen(kHostName)) != 0) _exit(EXIT_FAILURE);
      close(ready[1]);
      while (true) pause();
    }
    close(ready[1]);
    char byte = 0;
    EXPECT_EQ(read(ready[0], &byte, 1), 0);
    close(ready[0]);
    target_ = {.init_pidfd = std::move(cloned->pidfd), .init_pid = cloned->pid};
  }

  ~AttachTest() override { End(); }

  void End() {
    if (ended_) return;
    ended_ = true;
    EXPECT_TRUE(SendSignal(target_.init_pidfd, SIGKILL));
    EXPECT_TRUE(Reap(target_.init_pidfd));
  }

  // The exit status of what ran, or -1 where attaching failed.
  int Run(AttachRequest request, std::function<int()> function, const Config& config = {}) {
    request.function = std::move(function);
    const auto attached = Attach(target_, config, request);
    if (!attached) {
      error_ = attached.error();
      // Nothing is left of a failure.
      EXPECT_LE(waitpid(-1, nullptr, WNOHANG), 0);
      return -1;
    }
    int status = 0;
    EXPECT_EQ(waitpid(*attached, &status, 0), *attached);
    EXPECT_TRUE(WIFEXITED(status));
    return WEXITSTATUS(status);
  }

  const Error& error() const { return error_; }

 private:
  AttachTarget target_;
  Error error_;
  bool ended_ = false;
};

TEST_F(AttachTest, RunsInTheTargetsNamespaces) {
  EXPECT_EQ(Run({},
                [] {
                  std::array<char, 64> name{};
                  gethostname(name.data(), name.size());
                  const bool inside = strcmp(name.data(), kHostName) == 0;
                  return inside && getppid() == 0 ? 42 : 1;
                }),
            42);
}

TEST_F(AttachTest, EntersOnlyTheNamespacesThatAreAskedFor) {
  EXPECT_EQ(Run({.namespaces = CLONE_NEWPID},
                [] {
                  std::array<char, 64> name{};
                  gethostname(name.data(), name.size());
                  return strcmp(name.data(), kHostName) != 0 && getppid() == 0 ? 42 : 1;
                }),
            42);
}

TEST_F(AttachTest, AClearedEnvironmentHasWhatIsKeptAndAdded) {
  setenv("LXCSPEC_KEPT", "kept", 1);
  setenv("LXCSPEC_LOST", "lost", 1);
  Config config;
  ASSERT_TRUE(config.Set("lxc.environment", "OF_CONFIG=yes"));
  const AttachRequest request{.keep_environment = false,
                              .extra_variables = {"ADDED=a=b"},
                              .kept_variables = {"LXCSPEC_KEPT", "LXCSPEC_ABSENT"}};
  const auto is = [](const char* name, const char* value) {
    const char* found = getenv(name);
    return found != nullptr && strcmp(found, value) == 0;
  };
  EXPECT_EQ(Run(
                request,
                [&] {
                  const bool right =
                      is("LXCSPEC_KEPT", "kept") && is("ADDED", "a=b") && is("OF_CONFIG", "yes") &&
                      is("container", "lxc") && getenv("PATH") != nullptr &&
                      getenv("LXCSPEC_LOST") == nullptr && getenv("LXCSPEC_ABSENT") == nullptr;
                  return right ? 42 : 1;
                },
                config),
            42);
}

TEST_F(AttachTest, AFolderThatIsNotThereIsAnErrorOnlyIfItWasAskedFor) {
  EXPECT_EQ(Run({.working_folder = "/proc/self/fdinfo"}, [] { return 42; }), 42);
  EXPECT_EQ(Run({.working_folder = "/nonexistent"}, [] { return 42; }), -1);
  EXPECT_EQ(error().code, ENOENT);
  EXPECT_THAT(error().attempted, ::testing::HasSubstr("/nonexistent"));
}

TEST_F(AttachTest, BecomesTheUserThatIsAskedFor) {
  const AttachRequest request{.uid = 1234, .gid = 2345, .groups = std::vector<gid_t>{7, 8}};
  EXPECT_EQ(Run(request,
                [] {
                  std::array<gid_t, 4> groups{};
                  const bool right = getuid() == 1234 && geteuid() == 1234 && getgid() == 2345 &&
                                     getgroups(4, groups.data()) == 2 && groups[1] == 8;
                  return right ? 42 : 1;
                }),
            42);
}

TEST_F(AttachTest, DropsTheCapabilitiesThatTheContainerHasNot) {
  Config config;
  ASSERT_TRUE(config.Set("lxc.cap.drop", "sys_admin"));
  const auto has_lost_it = [] { return sethostname("x", 1) != 0 && errno == EPERM ? 42 : 1; };
  EXPECT_EQ(Run({}, has_lost_it, config), 42);
  EXPECT_EQ(Run({.drop_capabilities = false}, has_lost_it, config), 1);
}

TEST_F(AttachTest, TakesTheDescriptorsThatItIsGiven) {
  std::array<int, 2> output{};
  ASSERT_EQ(pipe2(output.data(), O_CLOEXEC), 0);
  const AttachRequest request{.standard = {0, output[1], output[1]}};
  EXPECT_EQ(Run(request, [] { return write(1, "out", 3) + write(2, "err", 3) == 6 ? 42 : 1; }), 42);
  close(output[1]);
  std::array<char, 8> text{};
  EXPECT_EQ(read(output[0], text.data(), text.size()), 6);
  EXPECT_STREQ(text.data(), "outerr");
  close(output[0]);
}

TEST_F(AttachTest, GainsNoPrivilegesWhereTheContainerMayNot) {
  Config config;
  ASSERT_TRUE(config.Set("lxc.no_new_privs", "1"));
  const auto flag = [] { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); };
  EXPECT_EQ(Run({}, flag, config), 1);
  EXPECT_EQ(Run({}, flag), 0);
}

TEST_F(AttachTest, ATargetThatHasEndedFailsWithEsrch) {
  End();
  EXPECT_EQ(Run({}, [] { return 42; }), -1);
  EXPECT_THAT(error().code, ::testing::AnyOf(ESRCH, ENOENT));
}

}  // namespace
}  // namespace lxcspec::runtime
