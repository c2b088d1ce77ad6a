// SPDX-License-Identifier: Apache-2.0
//
// The program that containers of the conformance tests run as their init: static, silent, quick
// to start and to stop, and it does one thing that the test can tell.

#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/probes/commands.h"
#include "conformance/probes/signals.h"

namespace {

constexpr int kFailed = 1;
constexpr int kBadUsage = 64;

void PrintHelp() {
  printf(
      "usage: probe COMMAND [ARGUMENT]... [then COMMAND [ARGUMENT]...]...\n"
      "\n"
      "Runs the commands in order, then waits for a signal. A command that fails ends the\n"
      "program with code %d, one that does not exist with code %d.\n"
      "\n%s\n"
      "SIGPWR and SIGTERM end it with code 0, SIGINT makes it ask the kernel for a reboot; it\n"
      "reaps the children of others, as process 1 must.\n",
      kFailed, kBadUsage, lxcspec::probe::CommandHelp().c_str());
}

// As a shell that runs one program: `-c "[exec] PROGRAM [WORD]... ["$@"]" [NAME [ARGUMENT]...]`. So
// that hooks, which a shell runs, can be had where there is none.
int RunScript(int count, char** arguments) {
  constexpr int kNotFound = 127;
  std::vector<std::string> words;
  std::istringstream script(arguments[0]);
  for (std::string word; script >> word;) {
    if (word == "\"$@\"") {
      for (int i = 2; i < count; ++i) words.emplace_back(arguments[i]);
    } else if (!words.empty() || word != "exec") {
      words.push_back(word);
    }
  }
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  if (!words.empty()) execv(pointers[0], pointers.data());
  return kNotFound;
}

}  // namespace

int main(int argc, char** argv) {
  // A hook that is a path and nothing else.
  if (const std::string_view name = argv[0]; name.ends_with("/save-environment")) {
    return lxcspec::probe::RunCommand({"save-environment", std::string(name) + ".seen"}).error;
  }
  if (argc > 2 && strcmp(argv[1], "-c") == 0) return RunScript(argc - 2, argv + 2);
  if (argc < 2 || strcmp(argv[1], "--help") == 0) {
    PrintHelp();
    return argc < 2 ? kBadUsage : 0;
  }
  lxcspec::probe::InstallSignals();
  std::vector<std::string> words;
  for (int i = 1; i <= argc; ++i) {
    if (i < argc && strcmp(argv[i], "then") != 0) {
      words.emplace_back(argv[i]);
      continue;
    }
    const lxcspec::probe::Answer answer = lxcspec::probe::RunCommand(words);
    if (answer.error != 0) {
      fprintf(stderr, "probe: %s: %s\n", answer.text.c_str(), strerror(answer.error));
      return answer.error == EINVAL ? kBadUsage : kFailed;
    }
    fputs(answer.text.c_str(), stdout);
    fflush(stdout);
    words.clear();
  }
  while (true) pause();
}
