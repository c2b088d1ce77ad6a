// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/hooks.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/config/parser.h"

namespace lxcspec::runtime {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class HooksTest : public ::testing::Test {
 protected:
  Status Run(const std::string& command, HookRun run = {.type = "mount"}) {
    run.output = [this](std::string_view line) { lines_.emplace_back(line); };
    return RunHook(context_, command, run);
  }

  HookContext context_{.name = "c1",
                       .config_file = "/c1/config",
                       .rootfs_path = "/c1/rootfs",
                       .rootfs_mount = "/mnt",
                       .console_path = "",
                       .console_log = "/c1/console",
                       .log_level = "INFO",
                       .version = 0};
  std::vector<std::string> lines_;
};

TEST_F(HooksTest, OldStylePassesArguments) {
  ASSERT_TRUE(Run("printf '%s\\n'", {.type = "stop", .arguments = {"mnt:/proc/1/fd/3"}}));

  EXPECT_THAT(lines_, ElementsAre("c1", "lxc", "stop", "mnt:/proc/1/fd/3"));
}

TEST_F(HooksTest, WhatAHookLeavesRunningIsNotWaitedFor) {
  // It holds the output open; the kernel ends it with the pipe's reader, at its next word.
  ASSERT_TRUE(Run("(while echo again; do :; done) & echo done; exit 0 #"));

  EXPECT_THAT(lines_, Contains("done"));
}

TEST_F(HooksTest, AHookIsKilledWithWhatItHasStarted) {
  auto hook = RunningHook::Start(context_, "sleep 1000 & sleep 1000; :", {.type = "stop"});
  ASSERT_TRUE(hook);

  hook->Kill();

  const Status finished = hook->Finish();
  EXPECT_EQ(finished.error().code, ECANCELED);
  EXPECT_THAT(finished.error().attempted, HasSubstr("signal 9"));
}

TEST_F(HooksTest, NewStylePassesVariables) {
  context_.version = 1;

  ASSERT_TRUE(Run("echo $# $LXC_HOOK_TYPE $LXC_HOOK_SECTION $LXC_HOOK_VERSION"));

  EXPECT_THAT(lines_, ElementsAre("0 mount lxc 1"));
}

TEST_F(HooksTest, VariablesAreTheDocumentedOnes) {
  ASSERT_TRUE(Run("env; :", {.type = "stop", .environment = {"LXC_TARGET=reboot"}}));

  for (const char* line :
       {"LXC_NAME=c1", "LXC_CONFIG_FILE=/c1/config", "LXC_ROOTFS_PATH=/c1/rootfs",
        "LXC_ROOTFS_MOUNT=/mnt", "LXC_CONSOLE_LOGPATH=/c1/console", "LXC_LOG_LEVEL=INFO",
        "LXC_CGNS_AWARE=1", "LXC_HOOK_VERSION=0", "LXC_TARGET=reboot"}) {
    EXPECT_THAT(lines_, Contains(line));
  }
  EXPECT_THAT(lines_, Not(Contains(StartsWith("LXC_CONSOLE="))));
  EXPECT_THAT(lines_, Not(Contains(StartsWith("LXC_HOOK_TYPE="))));
}

TEST_F(HooksTest, ExitStatusIsTheError) {
  const Status done = Run("echo because; exit 7;");

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ECANCELED);
  EXPECT_THAT(done.error().attempted, HasSubstr("exited with 7: because"));
}

TEST_F(HooksTest, MissingProgramIsAnError) {
  const Status done = Run("/no/such/hook 2>/dev/null");

  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().attempted, HasSubstr("/no/such/hook"));
}

TEST_F(HooksTest, DeathBySignalIsTheError) {
  const Status done = Run("kill -TERM $$;");

  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().attempted, HasSubstr("signal 15"));
}

TEST_F(HooksTest, NoOtherDescriptorIsInherited) {
  const int leaked = open("/dev/null", O_RDONLY);
  ASSERT_GE(leaked, 0);

  ASSERT_TRUE(Run("test -e /proc/self/fd/" + std::to_string(leaked) + " && echo leaked; :"));

  close(leaked);
  EXPECT_THAT(lines_, ElementsAre());
}

TEST_F(HooksTest, BlockedSignalsAreNotInherited) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ASSERT_EQ(sigprocmask(SIG_BLOCK, &blocked, &before), 0);

  const Status done = Run("kill -TERM $$; echo survived;");

  ASSERT_EQ(sigprocmask(SIG_SETMASK, &before, nullptr), 0);
  EXPECT_FALSE(done);
}

TEST_F(HooksTest, LongOutputArrivesWhole) {
  ASSERT_TRUE(Run("head -c 100000 /dev/zero | tr '\\0' x; :"));

  size_t total = 0;
  for (const std::string& line : lines_) total += line.size();
  EXPECT_EQ(total, 100000U);
}

TEST_F(HooksTest, FirstFailureEndsTheRow) {
  HookRun run{.type = "stop"};
  run.output = [this](std::string_view line) { lines_.emplace_back(line); };

  EXPECT_FALSE(RunHooks(context_, {"echo one; :", "false; exit 1;", "echo three; :"}, run));

  EXPECT_THAT(lines_, ElementsAre("one"));
}

TEST(HookContextTest, ComesFromTheConfiguration) {
  Config config;
  ASSERT_TRUE(
      LoadText("lxc.rootfs.path = dir:/c/rootfs\nlxc.rootfs.mount = /somewhere\n"
               "lxc.hook.version = 1\nlxc.log.level = 2",
               config));

  const HookContext context = MakeHookContext(config, "c", "/c/config");

  EXPECT_EQ(context.name, "c");
  EXPECT_EQ(context.config_file, "/c/config");
  EXPECT_EQ(context.rootfs_path, "/c/rootfs");
  EXPECT_EQ(context.rootfs_mount, "/somewhere");
  EXPECT_EQ(context.log_level, "INFO");
  EXPECT_EQ(context.version, 1);
}

}  // namespace
}  // namespace lxcspec::runtime
