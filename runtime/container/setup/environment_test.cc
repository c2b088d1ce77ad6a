// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "runtime/container/setup/test_container.h"

namespace lxcspec::runtime {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint32_t kMapped = 231072;
constexpr std::string_view kMaps = "lxc.idmap = u 0 231072 65536\nlxc.idmap = g 0 231072 65536\n";

class EnvironmentTest : public ::testing::Test {
 protected:
  TestRun Run(const std::string& config, const std::vector<std::string>& questions,
              uint64_t namespaces = 0) {
    return RunInContainer(root_, {.config = "lxc.mount.auto = proc:rw\n" + config,
                                  .questions = questions,
                                  .namespaces = namespaces});
  }

  TestRun RunMapped(const std::string& config, const std::vector<std::string>& questions) {
    root_.GiveTo(kMapped);
    return Run(std::string(kMaps) + config, questions, CLONE_NEWUSER | CLONE_NEWNET);
  }

  TestRoot root_;
};

TEST_F(EnvironmentTest, InitRunsWithWordsSplitAtBlanksOnly) {
  const TestRun run = Run("lxc.init.cmd = /sbin/inspect  args \"a b\"", {});

  ASSERT_EQ(run.error, "");
  EXPECT_EQ(run.output, "arg /sbin/inspect\narg args\narg \"a\narg b\"\n");
}

TEST_F(EnvironmentTest, CommandOfTheStartComesBeforeTheConfigured) {
  const TestRun run = Run("lxc.init.cmd = /not/there", {"args"});

  ASSERT_EQ(run.error, "");
  EXPECT_EQ(run.output, "arg /sbin/inspect\narg args\n");
}

TEST_F(EnvironmentTest, MissingInitFailsWithItsName) {
  const TestRun run = Run("", {});

  EXPECT_EQ(run.error_code, ENOENT);
  EXPECT_THAT(run.error, HasSubstr("/sbin/init"));
}

TEST_F(EnvironmentTest, InitHasTheConfiguredVariablesAndNoOthers) {
  const TestRun run =
      Run("lxc.environment = A=1\nlxc.environment = B=two words\nlxc.environment = A=2\n"
          "lxc.environment.runtime = C=3\nlxc.environment.hooks = D=4",
          {"environ"});

  ASSERT_EQ(run.error, "");
  EXPECT_EQ(run.output, "env B=two words\nenv A=2\nenv C=3\nenv container=lxc\n");
}

TEST_F(EnvironmentTest, HostNameIsSet) {
  EXPECT_EQ(Run("lxc.uts.name = boxed", {"name"}).output, "name boxed\n");
}

TEST_F(EnvironmentTest, SysctlsAreWrittenEvenWhereProcIsReadOnly) {
  const TestRun run = RunInContainer(
      root_, {.config = "lxc.mount.auto = proc:mixed\n"
                        "lxc.sysctl.kernel.msgmax = 4242\n"
                        "lxc.sysctl.net.ipv4.ip_forward = 1",
              .questions = {"read:/proc/sys/kernel/msgmax", "read:/proc/sys/net/ipv4/ip_forward"},
              .namespaces = CLONE_NEWNET});

  ASSERT_EQ(run.error, "");
  EXPECT_EQ(run.output, "4242\n1\n");
}

TEST_F(EnvironmentTest, UnknownSysctlFailsTheStart) {
  const TestRun run = Run("lxc.sysctl.kernel.no_such_thing = 1", {"cwd"});

  EXPECT_EQ(run.error_code, ENOENT);
  EXPECT_THAT(run.error, HasSubstr("kernel/no_such_thing"));
}

TEST_F(EnvironmentTest, ResourceLimitsHold) {
  const TestRun run =
      Run("lxc.prlimit.nofile = 100:200\nlxc.prlimit.core = unlimited", {"read:/proc/self/limits"});

  ASSERT_EQ(run.error, "");
  EXPECT_THAT(run.output,
              HasSubstr("Max open files            100                  200                "));
  EXPECT_THAT(run.output, HasSubstr("Max core file size        unlimited            unlimited "));
}

TEST_F(EnvironmentTest, ProcFilesAreWritten) {
  EXPECT_EQ(Run("lxc.proc.oom_score_adj = 17", {"read:/proc/self/oom_score_adj"}).output, "17\n");
}

// The number that a line of /proc/<process>/status gives in hexadecimal.
uint64_t StatusNumber(const std::string& status, std::string_view field) {
  const size_t at = status.find(fmt::format("{}:", field));
  if (at == status.npos) return ~uint64_t{0};
  return std::stoull(status.substr(at + field.size() + 1), nullptr, 16);
}

std::string OwnStatus() {
  std::ifstream file("/proc/self/status");
  return {std::istreambuf_iterator<char>(file), {}};
}

constexpr uint64_t Bit(int number) { return uint64_t{1} << number; }

TEST_F(EnvironmentTest, DroppedCapabilitiesAreInNoSet) {
  const TestRun run = Run("lxc.cap.drop = sys_module sys_time", {"read:/proc/self/status"});

  ASSERT_EQ(run.error, "");
  const uint64_t left =
      StatusNumber(OwnStatus(), "CapBnd") & ~(Bit(CAP_SYS_MODULE) | Bit(CAP_SYS_TIME));
  EXPECT_EQ(StatusNumber(run.output, "CapBnd"), left);
  EXPECT_EQ(StatusNumber(run.output, "CapEff"), left);
  EXPECT_EQ(StatusNumber(run.output, "CapPrm"), left);
  EXPECT_EQ(StatusNumber(run.output, "CapInh") & ~left, 0U);
  EXPECT_EQ(StatusNumber(run.output, "CapAmb"), 0U);
}

TEST_F(EnvironmentTest, OnlyKeptCapabilitiesStay) {
  const TestRun run =
      Run("lxc.cap.keep = chown none kill\nlxc.cap.keep = net_raw", {"read:/proc/self/status"});

  ASSERT_EQ(run.error, "");
  EXPECT_EQ(StatusNumber(run.output, "CapBnd"), Bit(CAP_KILL) | Bit(CAP_NET_RAW));
  EXPECT_EQ(StatusNumber(run.output, "CapEff"), Bit(CAP_KILL) | Bit(CAP_NET_RAW));
}

TEST_F(EnvironmentTest, KeepNoneDropsAllCapabilities) {
  const TestRun run = Run("lxc.cap.keep = none", {"read:/proc/self/status"});

  ASSERT_EQ(run.error, "");
  EXPECT_EQ(StatusNumber(run.output, "CapBnd"), 0U);
  EXPECT_EQ(StatusNumber(run.output, "CapEff"), 0U);
}

TEST_F(EnvironmentTest, NoNewPrivilegesIsSetWhenAskedFor) {
  EXPECT_THAT(Run("lxc.no_new_privs = 1", {"read:/proc/self/status"}).output,
              HasSubstr("NoNewPrivs:\t1"));
  EXPECT_THAT(Run("", {"read:/proc/self/status"}).output, HasSubstr("NoNewPrivs:\t0"));
}

TEST_F(EnvironmentTest, InitHasTheConfiguredIdsAndGroups) {
  EXPECT_EQ(Run("lxc.init.uid = 12\nlxc.init.gid = 34", {"ids"}).output, "ids 12:34 groups 0\n");
  EXPECT_EQ(Run("lxc.init.groups = 5,6", {"ids"}).output, "ids 0:0 groups 2\n");
}

TEST_F(EnvironmentTest, WorkingFolderIsTheConfiguredOne) {
  EXPECT_EQ(Run("lxc.init.cwd = /etc", {"cwd"}).output, "cwd /etc\n");
  EXPECT_EQ(Run("", {"cwd"}).output, "cwd /\n");
  EXPECT_EQ(Run("lxc.init.cwd = /gone", {"cwd"}).error_code, ENOENT);
}

TEST_F(EnvironmentTest, InitHasNoBlockedOrIgnoredSignals) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGCHLD);
  sigaddset(&blocked, SIGTERM);
  ASSERT_EQ(sigprocmask(SIG_BLOCK, &blocked, &before), 0);
  const auto old = signal(SIGPIPE, SIG_IGN);

  const TestRun run = Run("", {"signals"});

  signal(SIGPIPE, old);
  ASSERT_EQ(sigprocmask(SIG_SETMASK, &before, nullptr), 0);
  EXPECT_EQ(run.error, "");
  EXPECT_EQ(run.output, "");
}

TEST_F(EnvironmentTest, EvenTheSignalsOfTheCLibraryAreAtTheirDefaults) {
  EXPECT_EQ(StatusNumber(Run("", {"read:/proc/self/status"}).output, "SigIgn"), 0U);
}

TEST_F(EnvironmentTest, InitInheritsNoDescriptorButTheFirstThree) {
  const TestRun run = Run("", {"list:/proc/self/fd"});

  ASSERT_EQ(run.error, "");
  // The fourth is the one that lists them.
  EXPECT_EQ(run.output, "entry 0\nentry 1\nentry 2\nentry 3\n");
}

TEST_F(EnvironmentTest, HooksRunInOrderWithWhatTheyAreTold) {
  const TestRun run =
      Run("lxc.hook.mount = echo $LXC_ROOTFS_MOUNT $LXC_NAME $D:\n"
          "lxc.hook.pre-mount = echo first:\n"
          "lxc.hook.autodev = test -d $LXC_ROOTFS_MOUNT/dev && echo third\n"
          "lxc.environment.hooks = D=4\n",
          {"cwd"});

  ASSERT_EQ(run.error, "");
  const size_t second = run.hook_output.find(" test 4: test lxc mount\n");
  EXPECT_NE(second, std::string::npos) << run.hook_output;
  EXPECT_LT(run.hook_output.find("first: test lxc pre-mount\n"), second);
  EXPECT_GT(run.hook_output.find("third test lxc autodev\n"), second);
}

TEST_F(EnvironmentTest, HookSeesTheContainersFileSystemsAtTheMountPoint) {
  const TestRun run = Run("lxc.hook.mount = ls $LXC_ROOTFS_MOUNT/proc/self/ns; :", {"cwd"});

  ASSERT_EQ(run.error, "");
  EXPECT_THAT(run.hook_output, HasSubstr("mnt\n"));
}

TEST_F(EnvironmentTest, FailingHookFailsTheStart) {
  const TestRun run = Run("lxc.hook.mount = echo no luck; exit 3;", {"cwd"});

  EXPECT_EQ(run.error_code, ECANCELED);
  EXPECT_THAT(run.error, HasSubstr("lxc.hook.mount"));
  EXPECT_THAT(run.error, HasSubstr("exited with 3: no luck"));
  EXPECT_EQ(run.output, "");
}

TEST_F(EnvironmentTest, UserNamespaceIsRootInsideAndNobodyOutside) {
  const TestRun run =
      RunMapped("lxc.cap.drop = sys_time\nlxc.uts.name = mapped",
                {"ids", "read:/proc/self/uid_map", "name", "read:/proc/self/status"});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "ids 0:0 groups 0"));
  EXPECT_TRUE(HasLine(run.output, "         0     231072      65536"));
  EXPECT_TRUE(HasLine(run.output, "name mapped"));
  EXPECT_EQ(StatusNumber(run.output, "CapEff") & Bit(CAP_SYS_TIME), 0U);
  EXPECT_NE(StatusNumber(run.output, "CapEff") & Bit(CAP_SYS_ADMIN), 0U);
}

TEST_F(EnvironmentTest, NewSessionKeyringIsMadeUnlessSwitchedOff) {
  EXPECT_EQ(Run("lxc.keyring.session = 0", {"cwd"}).error, "");
  EXPECT_EQ(Run("", {"cwd"}).error, "");
}

TEST_F(EnvironmentTest, PersonalityFollowsTheArchitecture) {
  EXPECT_EQ(Run("lxc.arch = i686", {"read:/proc/self/personality"}).output, "00000008\n");
  EXPECT_EQ(Run("lxc.arch = amd64", {"read:/proc/self/personality"}).output, "00000000\n");
}

}  // namespace
}  // namespace lxcspec::runtime
