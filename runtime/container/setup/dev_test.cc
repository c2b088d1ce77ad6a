// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "runtime/container/setup/test_container.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint32_t kMapped = 231072;
constexpr std::string_view kMaps = "lxc.idmap = u 0 231072 65536\nlxc.idmap = g 0 231072 65536\n";

// A pty of the host, as the console of a container.
class Pty {
 public:
  Pty() : master_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    EXPECT_EQ(grantpt(master_.get()), 0);
    EXPECT_EQ(unlockpt(master_.get()), 0);
    std::array<char, 64> name = {};
    EXPECT_EQ(ptsname_r(master_.get(), name.data(), name.size()), 0);
    peer_ = UniqueFd(open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    EXPECT_TRUE(peer_.valid());
  }

  int peer() const { return peer_.get(); }

 private:
  UniqueFd master_;
  UniqueFd peer_;
};

class DevTest : public ::testing::Test {
 protected:
  TestRun Run(const std::string& config, const std::vector<std::string>& questions,
              int console = -1) {
    return RunInContainer(root_, {.config = config,
                                  .questions = questions,
                                  .console_peer = console,
                                  .console_as_input = console >= 0});
  }

  TestRun RunMapped(const std::string& config, const std::vector<std::string>& questions,
                    int console = -1) {
    root_.GiveTo(kMapped);
    return RunInContainer(root_, {.config = std::string(kMaps) + config,
                                  .questions = questions,
                                  .namespaces = CLONE_NEWUSER | CLONE_NEWNET,
                                  .console_peer = console,
                                  .console_as_input = console >= 0});
  }

  TestRoot root_;
};

TEST_F(DevTest, HasTheMinimalDevicesAndLinks) {
  const TestRun run =
      Run("", {"list:/dev", "kind:/dev", "kind:/dev/null", "kind:/dev/zero", "kind:/dev/full",
               "kind:/dev/random", "kind:/dev/urandom", "kind:/dev/tty", "kind:/dev/fd",
               "kind:/dev/stdin", "kind:/dev/stdout", "kind:/dev/stderr", "open:/dev/null"});

  ASSERT_EQ(run.error, "");
  for (const char* line :
       {"kind /dev: folder 755 0:0 owner 0:0", "kind /dev/null: device 666 1:3 owner 0:0",
        "kind /dev/zero: device 666 1:5 owner 0:0", "kind /dev/full: device 666 1:7 owner 0:0",
        "kind /dev/random: device 666 1:8 owner 0:0", "kind /dev/urandom: device 666 1:9 owner 0:0",
        "kind /dev/tty: device 666 5:0 owner 0:0", "kind /dev/fd: link /proc/self/fd",
        "kind /dev/stdin: link /proc/self/fd/0", "kind /dev/stdout: link /proc/self/fd/1",
        "kind /dev/stderr: link /proc/self/fd/2", "open /dev/null: ok"}) {
    EXPECT_TRUE(HasLine(run.output, line)) << line << "\n" << run.output;
  }
}

TEST_F(DevTest, SizeOfItsFileSystemIsAsConfigured) {
  const TestRun run = Run("lxc.mount.auto = proc:rw\nlxc.autodev.tmpfs.size = 1000000",
                          {"read:/proc/self/mountinfo"});

  ASSERT_EQ(run.error, "");
  EXPECT_THAT(run.output, HasSubstr("size=980k"));
}

TEST_F(DevTest, WithoutAutodevOnlyLinksAreAdded) {
  const TestRun run = Run("lxc.autodev = 0", {"list:/dev", "kind:/dev/fd"});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "kind /dev/fd: link /proc/self/fd"));
  EXPECT_FALSE(HasLine(run.output, "entry null"));
}

TEST_F(DevTest, UserNamespaceHasTheHostsDevices) {
  const TestRun run = RunMapped("", {"kind:/dev/null", "open:/dev/null", "open:/dev/urandom"});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "open /dev/null: ok")) << run.output;
  EXPECT_TRUE(HasLine(run.output, "open /dev/urandom: ok"));
  EXPECT_THAT(run.output, HasSubstr("device 666 1:3"));
}

TEST_F(DevTest, PtysAreOfAnInstanceOfItsOwn) {
  const TestRun run =
      Run("lxc.pty.max = 7\nlxc.mount.auto = proc:rw",
          {"list:/dev/pts", "kind:/dev/ptmx", "open:/dev/ptmx", "read:/proc/self/mountinfo"});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "entry ptmx"));
  EXPECT_FALSE(HasLine(run.output, "entry 0"));
  EXPECT_TRUE(HasLine(run.output, "open /dev/ptmx: ok"));
  EXPECT_THAT(run.output, HasSubstr("gid=5,mode=620,ptmxmode=666,max=7"));
}

TEST_F(DevTest, MonitorGetsTheDevptsInstance) {
  const TestRun run = Run("lxc.pty.max = 7", {"cwd"});

  ASSERT_EQ(run.error, "");
  ASSERT_TRUE(run.descriptors.devpts.valid());
  struct statfs filesystem = {};
  ASSERT_EQ(fstatfs(run.descriptors.devpts.get(), &filesystem), 0);
  EXPECT_EQ(filesystem.f_type, DEVPTS_SUPER_MAGIC);
  const UniqueFd pty(openat(run.descriptors.devpts.get(), "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
  EXPECT_TRUE(pty.valid());
}

TEST_F(DevTest, NoPtysMeansNoInstance) {
  const TestRun run = Run("", {"kind:/dev/ptmx"});

  ASSERT_EQ(run.error, "");
  EXPECT_FALSE(run.descriptors.devpts.valid());
  EXPECT_TRUE(HasLine(run.output, "kind /dev/ptmx: ENOENT"));
}

TEST_F(DevTest, TtysAreInTheirFolderAndTheMonitorHasThem) {
  const TestRun run =
      Run("lxc.tty.max = 2\nlxc.tty.dir = lxc",
          {"kind:/dev/tty1", "kind:/dev/tty2", "kind:/dev/lxc/tty2", "open:/dev/tty1", "environ"});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "kind /dev/tty1: link lxc/tty1"));
  EXPECT_TRUE(HasLine(run.output, "kind /dev/tty2: link lxc/tty2"));
  EXPECT_THAT(run.output, HasSubstr("kind /dev/lxc/tty2: device 620 136:1 owner 0:5"));
  EXPECT_TRUE(HasLine(run.output, "open /dev/tty1: ok"));
  EXPECT_TRUE(HasLine(run.output, "env container_ttys=pts/0 pts/1"));
  ASSERT_EQ(run.descriptors.ttys.size(), 2U);
  EXPECT_TRUE(run.descriptors.ttys[1].master.valid());
  EXPECT_TRUE(run.descriptors.ttys[1].peer.valid());
  EXPECT_EQ(run.descriptors.ttys[1].number, 1);
  EXPECT_FALSE(run.descriptors.devpts.valid());
}

TEST_F(DevTest, ManyTtysReachTheMonitor) {
  const TestRun run = Run("lxc.tty.max = 64\nlxc.pty.max = 1", {"open:/dev/tty64"});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "open /dev/tty64: ok"));
  EXPECT_EQ(run.descriptors.ttys.size(), 64U);
}

TEST_F(DevTest, ConsoleIsTheTerminalThatItWasGiven) {
  const Pty pty;

  const TestRun run =
      Run("lxc.mount.auto = proc:rw", {"terminal", "open:/dev/console"}, pty.peer());

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "terminal /dev/console")) << run.output;
  EXPECT_TRUE(HasLine(run.output, "open /dev/console: ok"));
}

TEST_F(DevTest, ConsoleOfTheContainersOwnReachesTheMonitor) {
  const UniqueFd placeholder(open("/dev/null", O_RDWR | O_CLOEXEC));

  const TestRun run = RunInContainer(root_, {.config = "lxc.mount.auto = proc:rw\nlxc.tty.max = 1",
                                             .questions = {"terminal", "open:/dev/console"},
                                             .console_peer = placeholder.get(),
                                             .console_in_container = true,
                                             .console_as_input = true});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "terminal /dev/console")) << run.output;
  EXPECT_TRUE(HasLine(run.output, "open /dev/console: ok"));
  EXPECT_TRUE(run.descriptors.console.master.valid());
  EXPECT_EQ(run.descriptors.console.number, 1);
  EXPECT_FALSE(run.descriptors.devpts.valid());
}

TEST_F(DevTest, ConsoleIsInTheFolderOfTtys) {
  const Pty pty;

  const TestRun run =
      Run("lxc.tty.dir = /a/b/", {"kind:/dev/console", "open:/dev/a/b/console"}, pty.peer());

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "kind /dev/console: link a/b/console"));
  EXPECT_TRUE(HasLine(run.output, "open /dev/a/b/console: ok"));
}

TEST_F(DevTest, ConsoleBelongsToRootOfTheUserNamespace) {
  const Pty pty;

  const TestRun run = RunMapped("lxc.mount.auto = proc:rw",
                                {"kind:/dev/console", "open:/dev/console", "terminal"}, pty.peer());

  ASSERT_EQ(run.error, "");
  EXPECT_THAT(run.output, HasSubstr("owner 0:5"));
  EXPECT_TRUE(HasLine(run.output, "open /dev/console: ok"));
  EXPECT_TRUE(HasLine(run.output, "terminal /dev/console")) << run.output;
}

TEST_F(DevTest, ConsoleBelongsToTheUserThatInitRunsAs) {
  const Pty pty;

  const TestRun run =
      Run("lxc.init.uid = 7", {"kind:/dev/console", "open:/dev/console"}, pty.peer());

  ASSERT_EQ(run.error, "");
  EXPECT_THAT(run.output, HasSubstr("owner 7:"));
  EXPECT_TRUE(HasLine(run.output, "open /dev/console: ok"));
}

TEST_F(DevTest, PtysAndTtysWorkInAUserNamespace) {
  const TestRun run = RunMapped("lxc.pty.max = 4\nlxc.tty.max = 1",
                                {"open:/dev/ptmx", "open:/dev/tty1", "kind:/dev/tty1"});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "open /dev/ptmx: ok"));
  EXPECT_TRUE(HasLine(run.output, "open /dev/tty1: ok"));
  EXPECT_EQ(run.descriptors.ttys.size(), 1U);
}

TEST_F(DevTest, BootIdIsTheContainersOwn) {
  const TestRun first = Run("lxc.mount.auto = proc", {"read:/proc/sys/kernel/random/boot_id"});
  const TestRun second = Run("lxc.mount.auto = proc", {"read:/proc/sys/kernel/random/boot_id"});

  ASSERT_EQ(first.error, "");
  EXPECT_EQ(first.output.size(), 37U);
  EXPECT_NE(first.output, second.output);
}

TEST_F(DevTest, HostileLinksInARootWithoutAutodevStayInside) {
  const fs::path victim = root_.folder() / "victim";
  fs::create_directories(victim);
  fs::create_symlink(victim / "console", root_.rootfs() / "dev/console");
  fs::create_symlink(victim, root_.rootfs() / "dev/pts");
  const Pty pty;

  const TestRun run = Run("lxc.autodev = 0\nlxc.pty.max = 2", {"list:/dev"}, pty.peer());

  EXPECT_NE(run.error, "");
  EXPECT_TRUE(fs::is_empty(victim));
}

}  // namespace
}  // namespace lxcspec::runtime
