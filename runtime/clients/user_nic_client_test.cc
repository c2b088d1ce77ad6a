// SPDX-License-Identifier: Apache-2.0
//
// The installed lxc-user-nic, run by an ordinary user who means no good.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "runtime/clients/ordinary_user_machine.h"
#include "runtime/kernel/helper_program.h"
#include "runtime/kernel/netlink/link.h"
#include "runtime/kernel/netlink/socket.h"
#include "runtime/kernel/users_namespaces.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class Machine : public ::testing::Environment {
 public:
  void SetUp() override { MakeOrdinaryUsersMachine(); }
};

const auto* const kMachine = ::testing::AddGlobalTestEnvironment(new Machine);

class UserNicClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto host = NetlinkSocket::Open();
    ASSERT_TRUE(host);
    host_ = *std::move(host);
    ASSERT_TRUE(CreateLink(*host_, "bridge", 0, {.name = "br0"}, nullptr));
    nobodys_.emplace(kNobody);
    WriteAllowlist("nobody veth br0 2\n");
  }

  void TearDown() override {
    nobodys_.reset();
    const auto links = Links(*host_);
    for (const Link& link : links.value_or(std::vector<Link>())) {
      if (link.name != "lo") static_cast<void>(DeleteLink(*host_, link.index, "delete"));
    }
  }

  std::vector<std::string> Words(const std::string& device = "eth0") const {
    return {kInstalledUserNic,
            "create",
            "/path",
            "name",
            std::to_string(nobodys_->pid()),
            "veth",
            "br0",
            device};
  }

  // What it printed, or why it failed.
  static std::string Run(const std::vector<std::string>& words) {
    return AsNobody([&] {
      const auto printed = RunHelper(words);
      return printed ? *printed : printed.error().ToString();
    });
  }

  [[noreturn]] static void Execute(std::vector<std::string> words) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execv(kInstalledUserNic, arguments.data());
    _exit(99);
  }

  size_t CountOfPorts() {
    size_t count = 0;
    const int bridge = FindLink(*host_, "br0")->index;
    const auto links = Links(*host_);
    for (const Link& link : *links) count += link.master == bridge ? 1 : 0;
    return count;
  }

  std::optional<NetlinkSocket> host_;
  std::optional<UsersNamespaces> nobodys_;
};

TEST_F(UserNicClientTest, InterfacesAreMadeUpToTheQuotaAndGivenBack) {
  EXPECT_THAT(Run(Words("a0")), MatchesRegex("a0:[0-9]+:veth[A-Za-z]+:[0-9]+"));
  const std::string second = Run(Words("a1"));
  EXPECT_THAT(second, StartsWith("a1:"));
  EXPECT_THAT(Run(Words("a2")), HasSubstr("nobody has all that is allowed on br0"));
  EXPECT_EQ(CountOfPorts(), 2U);

  const size_t from = second.find("veth");
  const std::string device = second.substr(from, second.find(':', from) - from);
  EXPECT_EQ(
      Run({kInstalledUserNic, "delete", "/path", "name", "/proc/1/ns/net", "veth", "br0", device}),
      "");
  EXPECT_EQ(CountOfPorts(), 1U);
  EXPECT_THAT(Run(Words("a2")), StartsWith("a2:"));
}

TEST_F(UserNicClientTest, TheGroupsOfTheDatabaseCount) {
  WriteAllowlist("@nogroup veth br0 1\n");
  EXPECT_THAT(Run(Words()), StartsWith("eth0:"));
}

TEST_F(UserNicClientTest, WhoIsNotAllowedGetsNothing) {
  for (const std::string text :
       {"", "somebody veth br0 5\n", "nobody veth br1 5\n", "@staff veth br0 5\n"}) {
    WriteAllowlist(text);
    EXPECT_THAT(Run(Words()), HasSubstr("nobody is allowed nothing on br0")) << text;
  }
  EXPECT_EQ(CountOfPorts(), 0U);
}

TEST_F(UserNicClientTest, AnAllowlistThatOthersCanChangeAllowsNothing) {
  WriteAllowlist("nobody veth br0 5\n", 0666);
  EXPECT_THAT(Run(Words()), HasSubstr("others than root can change it"));
  ASSERT_TRUE(fs::remove("/etc/lxc/lxc-usernet"));
  EXPECT_THAT(Run(Words()), HasSubstr("No such file"));
  EXPECT_EQ(CountOfPorts(), 0U);
}

TEST_F(UserNicClientTest, DevicesOfOthersAreNotDeleted) {
  ASSERT_TRUE(CreateVeth(*host_, {.name = "dev0"}, {.name = "dev1"}));
  for (const char* device : {"dev0", "br0", "lo"}) {
    EXPECT_THAT(
        Run({kInstalledUserNic, "delete", "/", "n", "/proc/self/ns/net", "veth", "br0", device}),
        HasSubstr("Operation not permitted"));
    EXPECT_TRUE(FindLink(*host_, device)) << device;
  }
}

TEST_F(UserNicClientTest, TheHostsNetworkGetsNothing) {
  std::vector<std::string> words = Words();
  words[4] = std::to_string(getpid());
  EXPECT_THAT(Run(words), HasSubstr("has no network of nobody's"));
  EXPECT_EQ(CountOfPorts(), 0U);
}

TEST_F(UserNicClientTest, HostileArgumentsAreRefused) {
  const std::string large(100'000, 'x');
  for (const std::string& evil : {std::string("br0\nroot veth br0 9"), std::string("../../etc"),
                                  std::string("-1"), std::string("%s%n"), std::string(), large}) {
    for (const size_t place : {size_t{1}, size_t{4}, size_t{5}, size_t{6}}) {
      std::vector<std::string> words = Words();
      words[place] = evil;
      EXPECT_THAT(Run(words), Not(StartsWith("eth0:"))) << place << evil.substr(0, 40);
    }
  }
  EXPECT_THAT(Run({kInstalledUserNic}), HasSubstr("usage"));
  EXPECT_EQ(CountOfPorts(), 0U);
}

TEST_F(UserNicClientTest, AHostileWorldChangesNothing) {
  const std::string said = AsNobody([&]() -> std::string {
    for (const char* name : {"LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "PATH", "IFS", "LC_ALL",
                             "NLSPATH", "TMPDIR", "HOME", "GCONV_PATH", "XDG_RUNTIME_DIR"}) {
      setenv(name, "/tmp/evil:.", 1);
    }
    umask(0);
    const rlimit nothing{.rlim_cur = 0, .rlim_max = 0};
    setrlimit(RLIMIT_FSIZE, &nothing);
    setrlimit(RLIMIT_CORE, &nothing);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    const pid_t child = fork();
    if (child == 0) {
      dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
      for (int fd = 0; fd < 64; ++fd) {
        if (fd != STDOUT_FILENO) close(fd);
      }
      Execute(Words());
    }
    int status = 0;
    waitpid(child, &status, 0);
    return std::to_string(status);
  });
  EXPECT_EQ(said, "0");
  EXPECT_EQ(CountOfPorts(), 1U);
  struct stat lock {};
  ASSERT_EQ(stat("/run/lxc/user-nic.lock", &lock), 0);
  EXPECT_EQ(lock.st_uid, 0U);
  EXPECT_EQ(lock.st_mode & 0777U, 0600U);
}

TEST_F(UserNicClientTest, WhatNobodyCanBeToldOfIsNotMade) {
  const std::string said = AsNobody([&]() -> std::string {
    const pid_t child = fork();
    if (child == 0) {
      dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
      Execute(Words());
    }
    int status = 0;
    waitpid(child, &status, 0);
    return std::to_string(WEXITSTATUS(status));
  });
  EXPECT_EQ(said, "1");
  EXPECT_EQ(CountOfPorts(), 0U);
}

TEST_F(UserNicClientTest, ManyAtATimeGetNoMoreThanAllowed) {
  const std::string said = AsNobody([&]() -> std::string {
    std::vector<pid_t> children;
    for (int number = 0; number < 8; ++number) {
      children.push_back(fork());
      if (children.back() == 0) {
        _exit(RunHelper(Words("a" + std::to_string(number))) ? 0 : 1);
      }
    }
    int made = 0;
    for (const pid_t child : children) {
      int status = 0;
      waitpid(child, &status, 0);
      made += status == 0 ? 1 : 0;
    }
    return std::to_string(made);
  });
  EXPECT_EQ(said, "2");
  EXPECT_EQ(CountOfPorts(), 2U);
}

TEST_F(UserNicClientTest, WithoutItsSetIdBitItDoesNothing) {
  ASSERT_EQ(chmod(kInstalledUserNic, 0755), 0);
  EXPECT_THAT(Run(Words()), HasSubstr("has to be setuid root"));
  ASSERT_EQ(chmod(kInstalledUserNic, 04755), 0);
  EXPECT_EQ(CountOfPorts(), 0U);
}

}  // namespace
}  // namespace lxcspec::runtime
