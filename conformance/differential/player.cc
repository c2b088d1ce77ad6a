// SPDX-License-Identifier: Apache-2.0
//
// Plays generated sequences on an implementation, each in a process of its own, and prints what
// every step answered. `lxcspec diff` plays the same ones on two and compares.
//
//     player --testee PATH --folder DIR --seconds N
//
// Standard input has a sequence a line, a JSON array of steps (steps.h); standard output answers
// each with a line {"answers": [{"ok", "value", "error"}, ...], "end": "exit 0"}. `end` says what
// became of the process: "signal 11", "no end" after N seconds, "exit 1". The answers until then
// are there.

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "conformance/differential/steps.h"
#include "conformance/posix/unique_fd.h"
#include "conformance/testee/liblxc_testee.h"

namespace lxcspec {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr int kBadUsage = 2;
constexpr int kInfrastructure = 3;

std::string Line(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

// In the child: plays, and writes each answer as soon as it is there.
int PlayAll(Testee* testee, const json& steps, const std::filesystem::path& folder, int out) {
  Player player(testee, folder);
  for (const json& step : steps) {
    const Result<Answer> answer = player.Play(step.get<Step>());
    if (!answer) {
      fmt::print(stderr, "{}\n", answer.error().ToString());
      return kBadUsage;
    }
    const std::string line =
        Line({{"ok", answer->ok}, {"value", answer->value}, {"error", answer->error}});
    if (write(out, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return 1;
  }
  return 0;
}

// What the child writes, until it ends or the time is over.
std::string ReadUntil(int in, Clock::time_point until, bool* ended) {
  std::string text;
  std::array<char, 65536> buffer;
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd wanted{.fd = in, .events = POLLIN, .revents = 0};
    if (left <= 0 || poll(&wanted, 1, static_cast<int>(left)) == 0) return text;
    const ssize_t got = read(in, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      *ended = true;
      return text;
    }
    text.append(buffer.data(), static_cast<size_t>(got));
  }
}

std::string EndOf(int status) {
  if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
  return fmt::format("exit {}", WEXITSTATUS(status));
}

Result<json> PlayInChild(Testee* testee, const json& steps, const std::filesystem::path& folder,
                         std::chrono::seconds limit) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder / "lxc");
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return tl::unexpected(ErrnoError("pipe2()"));
  UniqueFd in(ends[0]);
  UniqueFd out(ends[1]);
  const pid_t pid = fork();
  if (pid < 0) return tl::unexpected(ErrnoError("fork()"));
  if (pid == 0) {
    setpgid(0, 0);
    // What an implementation prints is not what it answers.
    dup2(open("/dev/null", O_RDWR | O_CLOEXEC), STDOUT_FILENO);
    // What has a relative name comes to lie there.
    if (chdir(folder.c_str()) != 0) _exit(kInfrastructure);
    _exit(PlayAll(testee, steps, folder, out.get()));
  }
  setpgid(pid, pid);
  out.Reset();
  bool ended = false;
  const std::string text = ReadUntil(in.get(), Clock::now() + limit, &ended);
  if (!ended) kill(-pid, SIGKILL);
  int status = 0;
  waitpid(pid, &status, 0);
  json answers = json::array();
  size_t at = 0;
  for (size_t end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    answers.push_back(json::parse(text.substr(at, end - at), nullptr, false));
  }
  return json{{"answers", answers}, {"end", ended ? EndOf(status) : "no end"}};
}

int Main(int argc, char** argv) {
  std::string path;
  std::string folder;
  int seconds = 10;
  CLI::App app("Plays sequences of calls on an implementation; lxcspec diff drives it.");
  app.add_option("--testee", path, "shared object to play on")->required();
  app.add_option("--folder", folder, "an empty folder for what the calls write")->required();
  app.add_option("--seconds", seconds, "how long one sequence may take")
      ->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);

  const auto testee = LoadLiblxc(path);
  if (!testee) {
    fmt::print(stderr, "{}\n", testee.error().ToString());
    return kInfrastructure;
  }
  for (std::string line; std::getline(std::cin, line);) {
    const json steps = json::parse(line, nullptr, false);
    if (!steps.is_array()) {
      fmt::print(stderr, "no sequence: {}\n", line);
      return kBadUsage;
    }
    const Result<json> played =
        PlayInChild(testee->get(), steps, folder + "/case", std::chrono::seconds(seconds));
    if (!played) {
      fmt::print(stderr, "{}\n", played.error().ToString());
      return kInfrastructure;
    }
    fmt::print("{}", Line(*played));
    fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace lxcspec

int main(int argc, char** argv) { return lxcspec::Main(argc, argv); }
