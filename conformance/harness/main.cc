// SPDX-License-Identifier: Apache-2.0
//
// The suite's main(): every conformance test in one program, of which the launcher runs one test a
// process. conformance/README.md has the command line.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "conformance/harness/environment.h"
#include "conformance/harness/needs.h"
#include "conformance/harness/registration.h"
#include "conformance/harness/reporter.h"
#include "conformance/launcher/fork_server.h"
#include "conformance/testee/load.h"
#include "spec/requirements.h"

namespace lxcspec {
namespace {

using nlohmann::json;

constexpr int kBadUsage = 2;
constexpr int kInfrastructure = 3;

void PrintRecord(const json& record) {
  fmt::print("{}\n", record.dump(-1, ' ', false, json::error_handler_t::replace));
  fflush(stdout);
}

// Every extension once without an answer, then once with: what a crash leaves unanswered is known.
int PrintClaims() {
  for (const std::string_view extension : spec::kExtensions) {
    PrintRecord({{"record", "claim"}, {"extension", extension}, {"claimed", nullptr}});
  }
  const Environment& environment = TestEnvironment();
  const auto say = [](const std::string& what) { fmt::print(stderr, "{}\n", what); };
  const auto testee =
      LoadTestee(environment.testee, {.abi_version = environment.abi_version,
                                      .events = {.not_offered = say, .lost = [&](const Error& how) {
                                                   say("the testee was lost: " + how.attempted);
                                                   _exit(kInfrastructure);
                                                 }}});
  if (!testee) {
    fmt::print(stderr, "{}\n", testee.error().ToString());
    return kInfrastructure;
  }
  PrintRecord({{"record", "testee"}, {"version", (*testee)->Version()}});
  for (const std::string_view extension : spec::kExtensions) {
    const bool claimed = (*testee)->HasApiExtension(std::string(extension));
    PrintRecord({{"record", "claim"}, {"extension", extension}, {"claimed", claimed}});
  }
  return 0;
}

// A scratch folder of our own where the launcher gave none: a test run by hand.
bool EnsureScratch() {
  Environment& environment = TestEnvironment();
  if (!environment.scratch.empty()) return true;
  std::string folder = "/tmp/lxcspec.XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return false;
  environment.scratch = folder;
  return true;
}

// The tests that the filter names, with what is to be known of the kernel and a place for files.
int RunTests(const std::string& needs_file, int result_fd) {
  // For testees that are wrong on purpose, in one test.
  setenv("LXCSPEC_TEST", std::string(::testing::GTEST_FLAG(filter)).c_str(), 1);
  if (!needs_file.empty()) {
    if (const Status loaded = LoadNeedAnswers(needs_file); !loaded) {
      fmt::print(stderr, "{}\n", loaded.error().ToString());
      return kInfrastructure;
    }
  }
  if (!EnsureScratch()) {
    fmt::print(stderr, "cannot make a scratch folder below /tmp\n");
    return kInfrastructure;
  }
  // Owned by GoogleTest.
  ::testing::UnitTest::GetInstance()->listeners().Append(new Reporter(result_fd));
  return RUN_ALL_TESTS();
}

int Main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  Environment& environment = TestEnvironment();
  bool needs = false;
  bool claims = false;
  std::string needs_file;
  int result_fd = -1;
  int fork_server = -1;

  CLI::App app("The conformance suite; lxcspec run drives it through the launcher.");
  app.add_flag("--lxcspec_needs", needs, "probe what the kernel can do, print need records");
  app.add_flag("--lxcspec_claims", claims, "ask the testee what it has, print claim records");
  app.add_option("--lxcspec_testee", environment.testee,
                 "shared object, or exec:PROGRAM ARGUMENT..., to verify");
  app.add_option("--lxcspec_abi_version", environment.abi_version,
                 "release whose struct lxc_container the testee has (default: what it says)");
  app.add_option("--lxcspec_probe", environment.probe, "program that containers run");
  app.add_option("--lxcspec_needs_file", needs_file, "need records of an earlier --lxcspec_needs");
  app.add_option("--lxcspec_result_fd", result_fd, "descriptor for the test's result");
  app.add_option("--lxcspec_fork_server", fork_server, "socket on which to serve the launcher");
  app.add_option("--lxcspec_scratch", environment.scratch, "empty folder for the test's files");
  app.add_option("--lxcspec_speed", environment.speed, "stretches every deadline")
      ->check(CLI::PositiveNumber);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadUsage;
  }

  if (fork_server < 0) RegisterAllTests();
  if (::testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();
  if (needs) {
    PrintNeedAnswers();
    return 0;
  }
  if (environment.testee.empty()) {
    fmt::print(stderr, "name what to verify with --lxcspec_testee\n");
    return kBadUsage;
  }
  if (claims) return PrintClaims();
  if (fork_server < 0) return RunTests(needs_file, result_fd);
  const Status served = launcher::ServeForks(fork_server, [&](const std::string& test) {
    ::testing::GTEST_FLAG(filter) = test;
    RegisterTest(test);
    return RunTests(needs_file, result_fd);
  });
  if (!served) fmt::print(stderr, "fork server: {}\n", served.error().ToString());
  return served ? 0 : kInfrastructure;
}

}  // namespace
}  // namespace lxcspec

int main(int argc, char** argv) { return lxcspec::Main(argc, argv); }
