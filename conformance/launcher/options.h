// SPDX-License-Identifier: Apache-2.0
//
// The launcher's command line.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_OPTIONS_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_OPTIONS_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "conformance/launcher/plan.h"

namespace lxcspec::launcher {

inline constexpr int kExitDone = 0;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInfrastructure = 3;
inline constexpr int kExitInterrupted = 130;

struct Options {
  std::string suite;
  std::string testee;
  std::string probe;
  std::string results;
  std::string name;        // empty: the testee's file name
  std::string tests_file;  // empty: every test
  bool resume = false;
  PlanOptions plan;
  int jobs = 1;
  std::optional<double> speed;
  std::vector<std::string> loader;  // words to put before the suite's path
  std::vector<std::string> visible;
  bool fresh = false;  // execute the suite anew for each test
};

// The options, or the exit status after help or a complaint was printed.
std::variant<Options, int> ParseOptions(int argc, char** argv);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_OPTIONS_H_
