// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/seccomp_test.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "conformance/harness/system_call_names.h"

namespace lxcspec {
namespace {

ProbeCommand Command(const char* name, long number, const Arguments& arguments) {
  std::string list;
  for (const uint64_t argument : arguments) {
    list += fmt::format("{}{:#x}", list.empty() ? "" : ",", argument);
  }
  return {name, std::to_string(number), list.empty() ? "-" : list};
}

}  // namespace

ProbeCommand SystemCall(long number, const Arguments& arguments) {
  return Command("syscall", number, arguments);
}

ProbeCommand CompatCall(long number, const Arguments& arguments) {
  return Command("syscall32", number, arguments);
}

ProbeCommand InChild(ProbeCommand command) {
  command.insert(command.begin(), "in-child");
  return command;
}

void SeccompTest::TearDown() {
  if (log_is_open_) testee().LogClose();
  ProbedContainerTest::TearDown();
}

ConfigItems SeccompTest::Policy(std::string_view text) {
  std::ofstream(policy_file()) << text;
  return {{"lxc.seccomp.profile", policy_file()}};
}

Result<ProbedContainer> SeccompTest::StartUnder(std::string_view policy,
                                                const ConfigItems& config) {
  ConfigItems items = Policy(policy);
  items.insert(items.end(), config.begin(), config.end());
  return StartProbed(items);
}

Result<ProbedContainer> SeccompTest::StartNotifying(const ConfigItems& config,
                                                    const std::string& name) {
  ConfigItems items = Policy("2\ndenylist\ngetppid notify\n");
  items.insert(items.end(), config.begin(), config.end());
  return StartProbed(items, {}, name);
}

Result<ProbedContainer> SeccompTest::StartNotifyingIfItLives(const ConfigItems& config) {
  ConfigItems items = Policy("2\ndenylist\ngetppid notify\n");
  items.insert(items.end(), config.begin(), config.end());
  ASSIGN_OR_RETURN(ProbeChannel channel, ProbeChannel::Listen(rootfs(), "c.sock"));
  ASSIGN_OR_RETURN(RunningContainer container, Start({"serve", "/c.sock"}, items));
  // A state comes from whoever runs the container, once that has made up its mind. Its init may
  // have come as far as this in a container that is about to be killed.
  std::string state;
  if (!Eventually([&] { return state = container->State(); },
                  ::testing::AnyOf("RUNNING", "STOPPED"))) {
    return Fail(ETIMEDOUT, "await a state: " + state);
  }
  if (state == "STOPPED") return Fail(ECHILD, "the container ended after its start");
  ASSIGN_OR_RETURN(const pid_t init, channel.Accept(TestEnvironment().Scaled(kPatience)));
  return ProbedContainer(std::move(container), std::move(channel), init);
}

Result<std::string> SeccompTest::StartCall(ProbedContainer& container, long number,
                                           const Arguments& arguments) {
  ProbeCommand command = SystemCall(number, arguments);
  command.insert(command.begin(), "start");
  return container.Ask(command);
}

Result<bool> SeccompTest::SucceedsAttached(Container& container, const ProbeCommand& command) {
  std::vector<std::string> argv = {"/probe"};
  argv.insert(argv.end(), command.begin(), command.end());
  argv.insert(argv.end(), {"then", "exit", "0"});
  ASSIGN_OR_RETURN(const int status, container.AttachRunWait(argv));
  if (!WIFEXITED(status)) return Fail(EPROTO, "the attached program was killed");
  return WEXITSTATUS(status) == 0;
}

Status SeccompTest::OpenLog() {
  const auto opened = testee().LogInit(LogSettings{.name = "c",
                                                   .lxcpath = lxcpath(),
                                                   .file = scratch() / "log",
                                                   .level = "WARN",
                                                   .quiet = true});
  if (!opened) return Propagate(opened.error());
  log_is_open_ = true;
  return {};
}

std::vector<std::string> SeccompTest::LogLinesWith(std::string_view text) const {
  std::vector<std::string> lines;
  std::ifstream log(scratch() / "log");
  for (std::string line; std::getline(log, line);) {
    if (line.find(text) != std::string::npos) lines.push_back(line);
  }
  return lines;
}

std::string StatusFieldOf(pid_t pid, const std::string& field) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":\t")) return line.substr(field.size() + 2);
  }
  return "";
}

std::string AllNamesBut(std::initializer_list<std::string_view> names) {
  std::string lines;
  for (const NamedSystemCall& each : kSystemCalls) {
    if (std::ranges::find(names, each.name) == names.end()) lines.append(each.name) += '\n';
  }
  return lines;
}

std::string AllNumbersBut(std::initializer_list<long> numbers) {
  std::string lines;
  for (const NamedSystemCall& each : kSystemCalls) {
    if (std::ranges::find(numbers, each.number) == numbers.end()) {
      lines += std::to_string(each.number) + '\n';
    }
  }
  return lines;
}

}  // namespace lxcspec
