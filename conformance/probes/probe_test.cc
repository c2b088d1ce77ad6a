// SPDX-License-Identifier: Apache-2.0
//
// The probe as a child of this test, on its command line and over its channel.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"
#include "conformance/probes/channel.h"
#include "conformance/probes/pattern.h"

namespace lxcspec {
namespace {

using ::testing::HasSubstr;

constexpr std::chrono::milliseconds kPatience{10000};
constexpr char kProbe[] = "conformance/probes/probe";

// The probe with its output in a pipe, ended when the test ends.
class Probe {
 public:
  explicit Probe(std::vector<std::string> arguments) {
    int output[2];
    if (pipe2(output, O_CLOEXEC) != 0) abort();
    output_ = UniqueFd(output[0]);
    UniqueFd write_end(output[1]);
    arguments.insert(arguments.begin(), kProbe);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(write_end.get(), STDOUT_FILENO);
      dup2(write_end.get(), STDERR_FILENO);
      execv(kProbe, argv.data());
      _exit(127);
    }
  }
  ~Probe() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  pid_t pid() const { return pid_; }

  // Reads until `size` bytes have come, or the end.
  std::string Output(size_t size = SIZE_MAX) {
    std::string output;
    char buffer[4096];
    while (output.size() < size) {
      const ssize_t got =
          read(output_.get(), buffer, std::min(sizeof(buffer), size - output.size()));
      if (got <= 0) break;
      output.append(buffer, static_cast<size_t>(got));
    }
    return output;
  }

  // The wait status.
  int Wait() {
    int status = -1;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_ = -1;
  UniqueFd output_;
};

int ExitCode(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }

TEST(ProbeTest, HelpNamesEveryCommand) {
  Probe probe({"--help"});
  const std::string help = probe.Output();
  for (const char* name :
       {"console",        "write",    "fill",    "octets",    "write-to", "read-from", "pty",
        "echo-stdin",     "pause",    "serve",   "list-fds",  "orphan",   "spawn",     "subreaper",
        "ignore-signals", "on",       "counted", "reboot",    "halt",     "exit",      "start",
        "result",         "in-child", "syscall", "syscall32", "trapped",  "poke"}) {
    EXPECT_THAT(help, HasSubstr(std::string("\n  ") + name + " "));
  }
  EXPECT_EQ(ExitCode(probe.Wait()), 0);
}

TEST(ProbeTest, UnknownCommandIsBadUsage) { EXPECT_EQ(ExitCode(Probe({"dance"}).Wait()), 64); }

TEST(ProbeTest, WrongNumberOfArgumentsIsBadUsage) {
  EXPECT_EQ(ExitCode(Probe({"write"}).Wait()), 64);
  EXPECT_EQ(ExitCode(Probe({"pause", "now"}).Wait()), 64);
}

TEST(ProbeTest, CommandsRunInOrder) {
  Probe probe(
      {"write", R"(a\x00b\n)", "then", "fill", "10", "then", "octets", "3", "then", "exit", "7"});
  EXPECT_EQ(probe.Output(), std::string("a\0b\n", 4) + Pattern(10) + Octets(3));
  EXPECT_EQ(ExitCode(probe.Wait()), 7);
}

TEST(ProbeTest, WaitsAfterItsLastCommandUntilItIsToldToEnd) {
  for (const int signal : {SIGPWR, SIGTERM}) {
    Probe probe({"write", "ready"});
    ASSERT_EQ(probe.Output(5), "ready");
    kill(probe.pid(), signal);
    EXPECT_EQ(ExitCode(probe.Wait()), 0);
  }
}

TEST(ProbeTest, IgnoringSignalsLeavesSigkillOnly) {
  Probe probe({"ignore-signals", "then", "write", "ready"});
  ASSERT_EQ(probe.Output(5), "ready");
  for (const int signal : {SIGPWR, SIGTERM, SIGINT}) kill(probe.pid(), signal);
  kill(probe.pid(), SIGKILL);
  const int status = probe.Wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

TEST(ProbeTest, SystemCallAnswersItsValue) {
  const std::string getppid = std::to_string(SYS_getppid);
  Probe probe({"syscall", getppid, "1,0xffffffffffffffff", "then", "exit", "0"});
  EXPECT_EQ(probe.Output(), std::to_string(getpid()));
}

TEST(ProbeTest, SystemCallThatFailsEndsItInVain) {
  EXPECT_EQ(ExitCode(Probe({"syscall", std::to_string(SYS_close), "99"}).Wait()), 1);
}

TEST(ProbeTest, NoNumberAndTooManyArgumentsAreBadUsage) {
  EXPECT_EQ(ExitCode(Probe({"syscall", "getppid", "-"}).Wait()), 64);
  EXPECT_EQ(ExitCode(Probe({"syscall", "110", "1,2,3,4,5,6,7"}).Wait()), 64);
}

TEST(ProbeTest, AnswerOfAChildComesBack) {
  Probe probe({"in-child", "syscall", std::to_string(SYS_getppid), "-", "then", "exit", "0"});
  EXPECT_EQ(probe.Output(), std::to_string(probe.pid()));
}

TEST(ProbeTest, EndOfAChildWithoutAnswerIsTold) {
  Probe probe({"in-child", "exit", "3", "then", "exit", "0"});
  EXPECT_EQ(probe.Output(), "ended with 3");
}

TEST(ProbeTest, CallThatNoFilterTrapsIsNotTrapped) {
  Probe probe({"trapped", std::to_string(SYS_getppid), "-", "then", "exit", "0"});
  EXPECT_EQ(probe.Output(), "not trapped");
}

TEST(ProbeTest, EchoesItsInput) {
  int input[2];
  ASSERT_EQ(pipe2(input, O_CLOEXEC), 0);
  UniqueFd read_end(input[0]);
  UniqueFd write_end(input[1]);
  const int saved = dup(STDIN_FILENO);
  dup2(read_end.get(), STDIN_FILENO);
  Probe probe({"echo-stdin", "then", "exit", "0"});
  dup2(saved, STDIN_FILENO);
  close(saved);
  ASSERT_EQ(write(write_end.get(), "hello", 5), 5);
  write_end.Reset();
  EXPECT_EQ(probe.Output(), "hello");
  EXPECT_EQ(ExitCode(probe.Wait()), 0);
}

// A test with a probe at the other end of a channel.
class ProbeChannelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/probe.XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(ProbeChannelTest, PeerIsTheProbe) {
  auto channel = ProbeChannel::Listen(folder_);
  ASSERT_TRUE(channel) << channel.error();
  Probe probe({"serve", folder_ / "probe.sock"});
  const Result<pid_t> peer = channel->Accept(kPatience);
  ASSERT_TRUE(peer) << peer.error();
  EXPECT_EQ(*peer, probe.pid());
}

TEST_F(ProbeChannelTest, AnswersCommands) {
  auto channel = ProbeChannel::Listen(folder_);
  ASSERT_TRUE(channel) << channel.error();
  Probe probe({"serve", folder_ / "probe.sock"});
  ASSERT_TRUE(channel->Accept(kPatience));

  EXPECT_EQ(channel->Ask({"write", "hi"}, kPatience), "");
  EXPECT_EQ(probe.Output(2), "hi");
  const Result<std::string> descriptors = channel->Ask({"list-fds"}, kPatience);
  ASSERT_TRUE(descriptors) << descriptors.error();
  EXPECT_THAT("\n" + *descriptors, HasSubstr("\n1 pipe:"));
  const Result<std::string> refused = channel->Ask({"dance"}, kPatience);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EINVAL);
}

TEST_F(ProbeChannelTest, WritesAndReadsFiles) {
  auto channel = ProbeChannel::Listen(folder_);
  ASSERT_TRUE(channel) << channel.error();
  Probe probe({"serve", folder_ / "probe.sock"});
  ASSERT_TRUE(channel->Accept(kPatience));
  const std::string file = folder_ / "file";
  EXPECT_FALSE(channel->Ask({"write-to", file, "text"}, kPatience)) << "it makes no files";
  EXPECT_FALSE(channel->Ask({"read-from", file}, kPatience));
  UniqueFd(open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));

  EXPECT_EQ(channel->Ask({"write-to", file, R"(a\nb)"}, kPatience), "");

  EXPECT_EQ(channel->Ask({"read-from", file}, kPatience), "a\nb");
}

TEST_F(ProbeChannelTest, MakesFilesAndTellsTheirOwners) {
  auto channel = ProbeChannel::Listen(folder_);
  ASSERT_TRUE(channel) << channel.error();
  Probe probe({"serve", folder_ / "probe.sock"});
  ASSERT_TRUE(channel->Accept(kPatience));
  const std::string file = folder_ / "file";
  const std::string owner = std::to_string(geteuid()) + " " + std::to_string(getegid());

  EXPECT_EQ(channel->Ask({"make", file, "text"}, kPatience), "");
  EXPECT_EQ(channel->Ask({"make", folder_ / "folder", "/"}, kPatience), "");

  EXPECT_EQ(channel->Ask({"read-from", file}, kPatience), "text");
  EXPECT_EQ(channel->Ask({"owner", file}, kPatience), owner);
  EXPECT_EQ(channel->Ask({"owner", folder_ / "folder"}, kPatience), owner);
  EXPECT_FALSE(channel->Ask({"make", file, "text"}, kPatience)) << "it is there already";
  if (geteuid() == 0) {
    EXPECT_EQ(channel->Ask({"owner-in-userns", file, "0"}, kPatience), "0 0");
  }
  EXPECT_EQ(
      channel->Ask({"give", file, std::to_string(geteuid()), std::to_string(getegid())}, kPatience),
      "");
}

TEST_F(ProbeChannelTest, RunsAProgramAsAShellWould) {
  const std::string file = folder_ / "environment";

  EXPECT_EQ(ExitCode(Probe({"-c", std::string("exec ") + kProbe + " save-environment \"$@\"", "sh",
                            file, "more"})
                         .Wait()),
            0);

  std::ifstream saved(file);
  const std::string text{std::istreambuf_iterator<char>(saved), {}};
  EXPECT_THAT(text, HasSubstr("PATH="));
  EXPECT_EQ(ExitCode(Probe({"-c", "/nonexistent/program"}).Wait()), 127);
}

TEST_F(ProbeChannelTest, TellsClocks) {
  auto channel = ProbeChannel::Listen(folder_);
  ASSERT_TRUE(channel) << channel.error();
  Probe probe({"serve", folder_ / "probe.sock"});
  ASSERT_TRUE(channel->Accept(kPatience));

  const Result<std::string> first = channel->Ask({"clock", "1"}, kPatience);
  const Result<std::string> second = channel->Ask({"clock", "1"}, kPatience);

  ASSERT_TRUE(first) << first.error();
  ASSERT_TRUE(second) << second.error();
  EXPECT_LT(std::stoll(*first), std::stoll(*second));
  EXPECT_FALSE(channel->Ask({"clock", "one"}, kPatience));
}

TEST_F(ProbeChannelTest, KeepsTheTerminalsThatItAllocates) {
  auto channel = ProbeChannel::Listen(folder_);
  ASSERT_TRUE(channel) << channel.error();
  Probe probe({"serve", folder_ / "probe.sock"});
  ASSERT_TRUE(channel->Accept(kPatience));

  const Result<std::string> first = channel->Ask({"pty"}, kPatience);
  const Result<std::string> second = channel->Ask({"pty"}, kPatience);

  ASSERT_TRUE(first) << first.error();
  ASSERT_TRUE(second) << second.error();
  EXPECT_NE(*first, *second);
  EXPECT_EQ(channel->Ask({"write-to", "/dev/pts/" + *first, "x"}, kPatience), "");
}

TEST_F(ProbeChannelTest, CountsTheSignalsItIsToldToCount) {
  auto channel = ProbeChannel::Listen(folder_);
  ASSERT_TRUE(channel) << channel.error();
  Probe probe({"serve", folder_ / "probe.sock"});
  ASSERT_TRUE(channel->Accept(kPatience));
  ASSERT_EQ(channel->Ask({"counted"}, kPatience), "0");
  ASSERT_TRUE(channel->Ask({"on", std::to_string(SIGUSR1), "count"}, kPatience));

  kill(probe.pid(), SIGUSR1);

  const auto end = std::chrono::steady_clock::now() + kPatience;
  Result<std::string> counted = channel->Ask({"counted"}, kPatience);
  while (counted == "0" && std::chrono::steady_clock::now() < end) {
    counted = channel->Ask({"counted"}, kPatience);
  }
  EXPECT_EQ(counted, "1");
}

TEST_F(ProbeChannelTest, UnknownSignalsAndActionsAreRefused) {
  EXPECT_EQ(ExitCode(Probe({"on", "2", "sing"}).Wait()), 64);
  EXPECT_EQ(ExitCode(Probe({"on", "SIGINT", "exit"}).Wait()), 64);
  EXPECT_EQ(ExitCode(Probe({"on", std::to_string(SIGKILL), "exit"}).Wait()), 64);
  EXPECT_EQ(ExitCode(Probe({"on", "1000", "exit"}).Wait()), 64);
}

TEST_F(ProbeChannelTest, EndOfTheProbeIsAReset) {
  auto channel = ProbeChannel::Listen(folder_);
  ASSERT_TRUE(channel) << channel.error();
  Probe probe({"serve", folder_ / "probe.sock"});
  ASSERT_TRUE(channel->Accept(kPatience));

  const Result<std::string> answer = channel->Ask({"exit", "3"}, kPatience);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ECONNRESET);
  EXPECT_EQ(ExitCode(probe.Wait()), 3);
}

TEST_F(ProbeChannelTest, NobodyConnectingTimesOut) {
  auto channel = ProbeChannel::Listen(folder_);
  ASSERT_TRUE(channel) << channel.error();
  const Result<pid_t> peer = channel->Accept(std::chrono::milliseconds(1));
  ASSERT_FALSE(peer);
  EXPECT_EQ(peer.error().code, ETIMEDOUT);
}

TEST_F(ProbeChannelTest, OrphansAreReaped) {
  auto channel = ProbeChannel::Listen(folder_);
  ASSERT_TRUE(channel) << channel.error();
  // What is orphaned below the probe then becomes its child, as it would be process 1's.
  Probe probe({"subreaper", "then", "serve", folder_ / "probe.sock"});
  ASSERT_TRUE(channel->Accept(kPatience));

  ASSERT_TRUE(channel->Ask({"orphan"}, kPatience));

  const std::string children =
      "/proc/" + std::to_string(probe.pid()) + "/task/" + std::to_string(probe.pid()) + "/children";
  const auto end = std::chrono::steady_clock::now() + kPatience;
  std::string left;
  do {
    left.clear();
    UniqueFd file(open(children.c_str(), O_RDONLY | O_CLOEXEC));
    char buffer[256];
    const ssize_t got = read(file.get(), buffer, sizeof(buffer));
    if (got > 0) left.assign(buffer, static_cast<size_t>(got));
  } while (!left.empty() && std::chrono::steady_clock::now() < end);
  EXPECT_EQ(left, "");
}

}  // namespace
}  // namespace lxcspec
