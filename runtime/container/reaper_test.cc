// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/reaper.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <string>
#include <utility>

namespace lxcspec::runtime {
namespace {

struct Running {
  pid_t reaper;
  // What the command writes to its descriptor 1.
  int output;
};

// A process that becomes the reaper of one that runs the function.
Running Start(const std::function<int()>& command) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  const pid_t reaper = fork();
  if (reaper == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    if (!BecomeReaper(false)) _exit(99);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    _exit(command());
  }
  close(ends[1]);
  return {.reaper = reaper, .output = ends[0]};
}

std::string ReadLine(const Running& running) {
  std::string line;
  char byte = 0;
  while (read(running.output, &byte, 1) == 1 && byte != '\n') line += byte;
  return line;
}

// The exit status, once the last who could write is gone.
int Await(const Running& running) {
  int status = 0;
  EXPECT_EQ(waitpid(running.reaper, &status, 0), running.reaper);
  close(running.output);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void Say(const std::string& text) {
  [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
}

TEST(ReaperTest, EndsWithTheCommandsStatus) {
  EXPECT_EQ(Await(Start([] { return 7; })), 7);
  EXPECT_EQ(Await(Start([] { return 0; })), 0);
}

TEST(ReaperTest, EndsWith128AndTheSignalThatKilledTheCommand) {
  EXPECT_EQ(Await(Start([] { return raise(SIGKILL); })), 128 + SIGKILL);
}

TEST(ReaperTest, HandsSignalsOnAndAHaltAsTerminate) {
  const auto awaits = [](int signal) {
    return [signal] {
      sigset_t set;
      sigemptyset(&set);
      sigaddset(&set, signal);
      sigprocmask(SIG_BLOCK, &set, nullptr);
      Say("ready\n");
      int got = 0;
      sigwait(&set, &got);
      return got == signal ? 3 : 4;
    };
  };
  for (const auto& [sent, expected] :
       {std::pair(SIGUSR1, SIGUSR1), {SIGHUP, SIGHUP}, {SIGPWR, SIGTERM}}) {
    const Running running = Start(awaits(expected));
    EXPECT_EQ(ReadLine(running), "ready");
    EXPECT_EQ(kill(running.reaper, sent), 0);
    EXPECT_EQ(Await(running), 3) << sent;
  }
}

TEST(ReaperTest, ReapsWhatTheCommandHasLeftBehind) {
  const Running running = Start([] {
    const pid_t middle = fork();
    if (middle == 0) {
      const pid_t orphan = fork();
      if (orphan == 0) _exit(0);
      Say(std::to_string(orphan) + "\n");
      _exit(0);
    }
    waitpid(middle, nullptr, 0);
    pause();
    return 0;
  });
  const pid_t orphan = std::stoi(ReadLine(running));
  // Gone for good, not a zombie: with a deadline by the test's own.
  while (kill(orphan, 0) == 0) {
  }
  EXPECT_EQ(kill(running.reaper, SIGTERM), 0);
  EXPECT_EQ(Await(running), 128 + SIGTERM);
}

TEST(ReaperTest, TheCommandIsInAProcessGroupOfItsOwn) {
  EXPECT_EQ(Await(Start([] { return getpgrp() == getpid() && getppid() != getpgrp() ? 5 : 6; })),
            5);
}

}  // namespace
}  // namespace lxcspec::runtime
