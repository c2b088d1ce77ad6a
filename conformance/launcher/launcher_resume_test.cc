// SPDX-License-Identifier: Apache-2.0
//
// Runs that were interrupted or killed, and what goes on with them.

#include <signal.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "conformance/launcher/launcher_fixture.h"

namespace lxcspec::launcher {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LauncherResumeTest : public LauncherTest {};

TEST_F(LauncherResumeTest, AnInterruptLeavesNothingRunningAndAFileToResume) {
  for (const int number : {SIGINT, SIGTERM}) {
    const pid_t pid =
        launcher_.Start({"--speed", "1", "--tests",
                         TestsFile({"Fake.Fails", "Fake.Passes", "Hostile.HangForever"})});
    ASSERT_TRUE(launcher_.AwaitResults([](const std::string& text) {
      return text.find(R"("test":"Hostile.HangForever")") != std::string::npos;
    }));
    kill(pid, number);
    EXPECT_EQ(launcher_.Await(), 130);
    EXPECT_THAT(CgroupsOf(pid), IsEmpty());
    EXPECT_THAT(launcher_.Results(), SizeIs(2));
    EXPECT_THAT(launcher_.Records("end"), IsEmpty());
  }
  ASSERT_EQ(RunTests({"Fake.Fails", "Fake.Passes", "Hostile.HangForever"}, {"--resume"}), 0);
  EXPECT_EQ(launcher_.Results().at("Hostile.HangForever")["verdict"], "timeout");
  EXPECT_EQ(launcher_.Records("result").size(), 3U);
}

TEST_F(LauncherResumeTest, ResumingAFinishedRunChangesNothing) {
  ASSERT_EQ(RunTests({"Fake.Fails", "Fake.Passes"}), 0);
  const auto before = launcher_.Records();
  ASSERT_EQ(RunTests({"Fake.Fails", "Fake.Passes"}, {"--resume"}), 0);
  EXPECT_EQ(launcher_.Records(), before);
}

TEST_F(LauncherResumeTest, ResumingWithAnotherTesteeIsRefused) {
  ASSERT_EQ(RunTests({"Fake.Passes"}), 0);
  const auto before = launcher_.Records();
  const std::string other = launcher_.directory() + "/other.so";
  std::ofstream(other, std::ios::binary)
      << std::ifstream(FakePaths().testee, std::ios::binary).rdbuf() << "other";
  launcher_.paths().testee = other;
  EXPECT_EQ(RunTests({"Fake.Passes"}, {"--resume"}), 3);
  EXPECT_THAT(launcher_.Errors(), HasSubstr("testee/sha256"));
  EXPECT_EQ(launcher_.Records(), before);
}

// Without times, which differ from run to run.
std::map<std::string, json> Comparable(std::map<std::string, json> results) {
  for (auto& [name, result] : results) result.erase("ms");
  return results;
}

TEST_F(LauncherResumeTest, KilledAnywhereAndResumedGivesWhatAnUninterruptedRunGives) {
  const std::vector<std::string> names = {
      "Fake.Fails",        "Fake.Passes",        "Fake.Unsupported",          "Hostile.ExitZero",
      "Hostile.LeakFile",  "Hostile.LeakMount",  "Hostile.Segfault",          "Hostile.TwoVerdicts",
      "Hostile.LeakChild", "Hostile.LeakCgroup", "Sandbox.ProcessIsTheSecond"};
  ASSERT_EQ(RunTests(names), 0);
  const auto whole = Comparable(launcher_.Results());
  ASSERT_EQ(whole.size(), names.size());

  // In the middle of the head, and after some tests have started.
  for (const size_t lines : {1U, 4U, 5U, 6U, 9U, 13U, 20U}) {
    SCOPED_TRACE(lines);
    const pid_t pid = launcher_.Start({"--speed", kSpeed, "--tests", TestsFile(names)});
    ASSERT_TRUE(launcher_.AwaitResults([&](const std::string& text) {
      return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) >= lines;
    }));
    kill(pid, SIGKILL);
    EXPECT_EQ(launcher_.Await(), 128 + SIGKILL);
    // As a kill in the middle of a write would leave it.
    std::ofstream(launcher_.results_path(), std::ios::app) << R"({"record":"resul)";

    ASSERT_EQ(RunTests(names, {"--resume"}), 0) << launcher_.Errors();
    EXPECT_EQ(Comparable(launcher_.Results()), whole);
    EXPECT_EQ(launcher_.Records("result").size(), whole.size());
    // The next start cleans up after the dead one.
    EXPECT_THAT(CgroupsOf(pid), IsEmpty());
  }
}

}  // namespace
}  // namespace lxcspec::launcher
