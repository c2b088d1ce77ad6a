// SPDX-License-Identifier: Apache-2.0
//
// Containers of a user who is not root: the ranges of /etc/subuid and newuidmap(1).

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "runtime/container/setup/test_container.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;

constexpr uint32_t kFirstMapped = 231072;
// Every Debian has the user nobody.
constexpr uid_t kUser = 65534;
constexpr std::string_view kMaps = "lxc.idmap = u 0 231072 65535\nlxc.idmap = g 0 231072 65535\n";

class OrdinaryUserTest : public ::testing::Test {
 protected:
  // Does it as nobody, to whom the machine then gives these lines of /etc/subuid and /etc/subgid.
  TestRun AsUser(const std::string& ranges, const TestRequest& request) {
    root_.GiveTo(kFirstMapped);
    const fs::path lines = root_.folder() / "ranges";
    std::ofstream(lines) << ranges;
    fs::permissions(lines, fs::perms{0644});
    const fs::path answer = root_.folder() / "answer";
    std::ofstream(answer) << "";
    EXPECT_EQ(chown(answer.c_str(), kUser, kUser), 0);
    const pid_t child = fork();
    if (child == 0) {
      const bool ready = BecomeUserWithRanges(lines);
      const TestRun run = ready ? RunInContainer(root_, request) : TestRun{.error = "not ready"};
      std::ofstream(answer) << run.error << "\n" << run.output;
      _exit(0);
    }
    EXPECT_EQ(waitpid(child, nullptr, 0), child);
    std::ifstream file(answer);
    TestRun run;
    std::getline(file, run.error);
    run.output.assign(std::istreambuf_iterator<char>(file), {});
    return run;
  }

  // In a mount namespace of this process's own.
  static bool BecomeUserWithRanges(const fs::path& lines) {
    if (unshare(CLONE_NEWNS) != 0) return false;
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
    for (const char* file : {"/etc/subuid", "/etc/subgid"}) {
      if (mount(lines.c_str(), file, nullptr, MS_BIND, nullptr) != 0) return false;
    }
    return setresgid(kUser, kUser, kUser) == 0 && setresuid(kUser, kUser, kUser) == 0 &&
           prctl(PR_SET_DUMPABLE, 1) == 0;
  }

  TestRoot root_;
};

TEST_F(OrdinaryUserTest, ContainerStartsInTheUsersRange) {
  const TestRun run =
      AsUser("nobody:231072:65536\n",
             {.config = fmt::format("{}lxc.mount.auto = proc:mixed sys:mixed\nlxc.pty.max = 4\n"
                                    "lxc.tty.max = 1\nlxc.uts.name = mine\nlxc.cap.drop = sys_time",
                                    kMaps),
              .questions = {"ids", "name", "write:/etc/new", "open:/dev/null", "open:/dev/tty1",
                            "open:/dev/ptmx", "read:/proc/self/uid_map"},
              .namespaces = CLONE_NEWUSER | CLONE_NEWNET});

  ASSERT_EQ(run.error, "");
  for (const char* line : {"ids 0:0 groups 0", "name mine", "write /etc/new: ok",
                           "open /dev/null: ok", "open /dev/tty1: ok", "open /dev/ptmx: ok"}) {
    EXPECT_TRUE(HasLine(run.output, line)) << line << "\n" << run.output;
  }
  EXPECT_THAT(run.output, HasSubstr("231072"));
}

TEST_F(OrdinaryUserTest, ConsoleOfTheContainersOwnCanBeOpened) {
  const UniqueFd placeholder(open("/dev/null", O_RDWR | O_CLOEXEC));

  const TestRun run =
      AsUser("nobody:231072:65536\n", {.config = fmt::format("{}lxc.mount.auto = proc:rw\n", kMaps),
                                       .questions = {"open:/dev/console", "terminal"},
                                       .namespaces = CLONE_NEWUSER | CLONE_NEWNET,
                                       .console_peer = placeholder.get(),
                                       .console_in_container = true,
                                       .console_as_input = true});

  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(HasLine(run.output, "open /dev/console: ok"));
  EXPECT_TRUE(HasLine(run.output, "terminal /dev/console"));
}

TEST_F(OrdinaryUserTest, RangeOfSomebodyElseIsRefused) {
  const TestRun run =
      AsUser("somebody:231072:65536\n",
             {.config = std::string(kMaps), .questions = {"ids"}, .namespaces = CLONE_NEWUSER});

  EXPECT_THAT(run.error, HasSubstr("lxc.idmap: newgidmap"));
  EXPECT_THAT(run.error, HasSubstr("Operation not permitted"));
  EXPECT_EQ(run.output, "");
}

}  // namespace
}  // namespace lxcspec::runtime
