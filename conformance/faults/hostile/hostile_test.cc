// SPDX-License-Identifier: Apache-2.0
//
// The real suite against implementations that harm the process they run in: each harm is the one
// result of the test it happened in, and every other result is what a well-behaved implementation
// gets.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "conformance/launcher/launcher_process.h"

namespace lxcspec {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Makes the deadline 5 s.
constexpr char kSpeed[] = "0.5";
// Makes a container object.
constexpr char kVictim[] = "LxcLogTest.AMessageIsInTheFile";

const std::vector<std::string>& Tests() {
  static const std::vector<std::string> tests = {
      "LxcConfigItemIsSupportedTest.ConfiguringAContainerChangesNoAnswer",
      "LxcConfigItemIsSupportedTest.IsAnnounced",
      "LxcConfigItemIsSupportedTest.NullIsNotSupported",
      "LxcLogTest.ClosingEndsWriting",
      "LxcLogTest.IsAnnounced",
      kVictim,
      "LxcLogTest.MessagesGoBehindWhatWasThere",
  };
  return tests;
}

// Runs the suite against a testee of this folder. The results without what differs from run to run.
std::map<std::string, json> ResultsWith(const std::string& testee) {
  launcher::LauncherProcess launcher({.launcher = "conformance/launcher/launcher",
                                      .suite = "conformance/tests/suite",
                                      .testee = "conformance/faults/hostile/" + testee + ".so",
                                      .probe = "conformance/probes/probe"});
  launcher.AddEnvironment(std::string("LXCSPEC_HOSTILE_IN=") + kVictim);
  const std::string tests = launcher.directory() + "/tests";
  std::ofstream file(tests);
  for (const std::string& test : Tests()) file << test << "\n";
  file.close();
  const pid_t pid = launcher.Start({"--tests", tests, "--speed", kSpeed});
  EXPECT_EQ(launcher.Await(), 0) << launcher.Errors();
  EXPECT_THAT(launcher::CgroupsOf(pid), IsEmpty());
  auto results = launcher.Results();
  EXPECT_EQ(launcher.Records("result").size(), Tests().size());
  for (auto& [name, result] : results) {
    result.erase("ms");
    // It names folders of GoogleTest's making and times.
    result.erase("output");
  }
  return results;
}

const std::map<std::string, json>& ResultsOfTheWellBehaved() {
  static const std::map<std::string, json> results = ResultsWith("behaves");
  return results;
}

struct Harm {
  std::string testee;
  std::string verdict;
  std::string reason;
  json leaks;
};

class HostileTesteeTest : public ::testing::TestWithParam<Harm> {};

TEST_P(HostileTesteeTest, HarmIsOneResultAndTheOthersAreUnchanged) {
  auto expected = ResultsOfTheWellBehaved();
  ASSERT_EQ(expected.size(), Tests().size());
  ASSERT_EQ(expected.at(kVictim)["verdict"], "pass") << expected.at(kVictim);
  expected.erase(kVictim);

  auto results = ResultsWith(GetParam().testee);
  ASSERT_TRUE(results.contains(kVictim));
  const json harmed = results.at(kVictim);
  results.erase(kVictim);
  EXPECT_EQ(results, expected);

  EXPECT_EQ(harmed["verdict"], GetParam().verdict);
  EXPECT_THAT(harmed["reason"].get<std::string>(), HasSubstr(GetParam().reason));
  EXPECT_EQ(harmed["extension"], "lxc_log");
  for (const json& leak : GetParam().leaks) {
    const json& found = harmed["leaks"];
    EXPECT_NE(std::find(found.begin(), found.end(), leak), found.end()) << found;
  }
  EXPECT_EQ(harmed["leaks"].empty(), GetParam().leaks.empty()) << harmed["leaks"];
}

INSTANTIATE_TEST_SUITE_P(
    Harms, HostileTesteeTest,
    ::testing::Values(
        Harm{"segfaults", "crash", "killed by SIGSEGV", json::array()},
        Harm{"exits", "crash", "exited with status 0 without having written a result",
             json::array()},
        Harm{"hangs", "timeout", "did not end by its deadline", json::array()},
        Harm{"floods", "fail", "printed more than the launcher accepts", json::array()},
        Harm{"leaks_fd", "pass", "", {{{"class", "fd"}, {"what", "/dev/null"}}}},
        Harm{"leaks_child", "pass", "", {{{"class", "process"}, {"what", "suite"}}}},
        Harm{"leaks_mount", "pass", "", {{{"class", "mount"}, {"what", "tmpfs on /run/left"}}}}),
    [](const auto& info) { return info.param.testee; });

}  // namespace
}  // namespace lxcspec
