// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/testdata/fake_suite.h"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "conformance/launcher/fork_server.h"

namespace lxcspec::fake {
namespace {

Invocation invocation;
bool verdict_written = false;

// LXCSPEC_FAKE holds words that change how questions are answered.
bool Asked(std::string_view word) {
  const char* words = getenv("LXCSPEC_FAKE");
  return words != nullptr && std::string_view(words).find(word) != std::string_view::npos;
}

void Hang() {
  for (;;) pause();
}

int PrintList(const std::map<std::string, TestFunction>& tests) {
  printf("Running main() from somewhere\n");
  std::string last;
  for (const auto& [name, function] : tests) {
    const size_t dot = name.find('.');
    const std::string suite = name.substr(0, dot + 1);
    if (suite != last) printf("%s\n", suite.c_str());
    last = suite;
    printf("  %s\n", name.substr(dot + 1).c_str());
  }
  return 0;
}

int PrintNeeds() {
  if (Asked("needs-crash")) abort();
  printf(R"({"record":"need","name":"pty","present":true,"evidence":"opened one"})"
         "\n");
  return 0;
}

int PrintClaims() {
  for (const char* extension : {"console_log", "pidfd"}) {
    printf(R"({"record":"claim","extension":"%s","claimed":null,"reason":""})"
           "\n",
           extension);
  }
  fflush(stdout);
  printf("chatter of the testee\n");
  printf(R"({"record":"testee","version":"1.0.0"})"
         "\n");
  printf(R"({"record":"claim","extension":"console_log","claimed":true,"reason":""})"
         "\n");
  fflush(stdout);
  if (Asked("claims-crash")) raise(SIGSEGV);
  if (Asked("claims-hang")) Hang();
  printf(R"({"record":"claim","extension":"pidfd","claimed":false,"reason":""})"
         "\n");
  return 0;
}

int RunTest(const std::map<std::string, TestFunction>& tests) {
  const auto test = tests.find(invocation.test);
  if (test == tests.end()) return 1;
  test->second();
  if (!verdict_written) WriteVerdict("pass");
  return 0;
}

int Main(int argc, char** argv) {
  std::map<std::string, TestFunction> tests;
  int fork_server = -1;
  AddHostileTests(tests);
  AddSandboxTests(tests);
  const auto value = [](const char* argument, std::string_view option) {
    return std::string_view(argument).starts_with(option) ? argument + option.size() : nullptr;
  };
  for (int i = 1; i < argc; ++i) {
    if (strcmp(argv[i], "--gtest_list_tests") == 0) return PrintList(tests);
    if (strcmp(argv[i], "--lxcspec_needs") == 0) return PrintNeeds();
    if (strcmp(argv[i], "--lxcspec_claims") == 0) return PrintClaims();
    if (const char* test = value(argv[i], "--gtest_filter=")) invocation.test = test;
    if (const char* file = value(argv[i], "--lxcspec_needs_file=")) invocation.needs_file = file;
    if (const char* scratch = value(argv[i], "--lxcspec_scratch=")) invocation.scratch = scratch;
    if (const char* fd = value(argv[i], "--lxcspec_result_fd=")) invocation.result_fd = atoi(fd);
    if (const char* fd = value(argv[i], "--lxcspec_fork_server=")) fork_server = atoi(fd);
  }
  if (fork_server < 0) return RunTest(tests);
  if (Asked("server-crash")) abort();
  const auto served = launcher::ServeForks(fork_server, [&](const std::string& test) {
    invocation.test = test;
    return RunTest(tests);
  });
  return served ? 0 : 1;
}

}  // namespace

const Invocation& Current() { return invocation; }

bool VerdictWritten() { return verdict_written; }

void WriteToResultFd(const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const ssize_t put = write(invocation.result_fd, text.data() + at, text.size() - at);
    if (put <= 0) return;
    at += static_cast<size_t>(put);
  }
}

void WriteCovers() {
  WriteToResultFd(fmt::format("{{\"test\":\"{}\",\"requirements\":[\"console_log.read_empty\"]}}\n",
                              invocation.test));
}

void WriteVerdict(const std::string& verdict, const std::string& message,
                  const std::string& leaks) {
  verdict_written = true;
  WriteToResultFd(fmt::format(
      "{{\"test\":\"{}\",\"requirements\":[\"console_log.read_empty\"],\"verdict\":\"{}\","
      "\"reason\":\"\",\"message\":\"{}\",\"leaks\":[{}]}}\n",
      invocation.test, verdict, message, leaks));
}

}  // namespace lxcspec::fake

int main(int argc, char** argv) { return lxcspec::fake::Main(argc, argv); }
