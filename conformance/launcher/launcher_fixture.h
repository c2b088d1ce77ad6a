// SPDX-License-Identifier: Apache-2.0
//
// The launcher with a suite that misbehaves in every way a testee can. For the launcher's tests.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_LAUNCHER_FIXTURE_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_LAUNCHER_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "conformance/launcher/launcher_process.h"

namespace lxcspec::launcher {

using nlohmann::json;

// Makes deadlines 3 s and the grace 0.6 s: the tests wait for several of each.
inline constexpr char kSpeed[] = "0.3";

inline LauncherPaths FakePaths() {
  const std::string folder = "conformance/launcher/";
  return {.launcher = folder + "launcher",
          .suite = folder + "testdata/fake_suite",
          .testee = folder + "testdata/fake_testee.so",
          .probe = folder + "testdata/fake_suite"};
}

// As "class what".
inline std::vector<std::string> LeaksOf(const json& result) {
  std::vector<std::string> leaks;
  for (const json& leak : result["leaks"]) {
    leaks.push_back(leak["class"].get<std::string>() + " " + leak["what"].get<std::string>());
  }
  return leaks;
}

class LauncherTest : public ::testing::Test {
 protected:
  // A file with the names, for --tests.
  std::string TestsFile(const std::vector<std::string>& names) {
    const std::string path = launcher_.directory() + "/tests";
    std::ofstream file(path);
    for (const std::string& name : names) file << name << "\n";
    return path;
  }

  int RunTests(const std::vector<std::string>& names, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--tests", TestsFile(names), "--speed", kSpeed});
    return launcher_.Run(more);
  }

  // The only result of a run of one test.
  json ResultOf(const std::string& test) {
    EXPECT_EQ(RunTests({test}), 0) << launcher_.Errors();
    const auto results = launcher_.Records("result");
    EXPECT_THAT(results, ::testing::SizeIs(1));
    return results.empty() ? json() : results[0];
  }

  LauncherProcess launcher_{FakePaths()};
};

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_LAUNCHER_FIXTURE_H_
