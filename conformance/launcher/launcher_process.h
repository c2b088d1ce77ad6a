// SPDX-License-Identifier: Apache-2.0
//
// Runs the launcher as its users do, and reads what it wrote. For the launcher's tests.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_LAUNCHER_PROCESS_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_LAUNCHER_PROCESS_H_

#include <sys/types.h>

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace lxcspec::launcher {

struct LauncherPaths {
  std::string launcher;
  std::string suite;
  std::string testee;
  std::string probe;
};

// A run of the launcher. Its files are in a directory of its own, which goes with it.
class LauncherProcess {
 public:
  explicit LauncherProcess(LauncherPaths paths);
  ~LauncherProcess();
  LauncherProcess(const LauncherProcess&) = delete;
  LauncherProcess& operator=(const LauncherProcess&) = delete;

  LauncherPaths& paths() { return paths_; }
  const std::string& directory() const { return directory_; }
  std::string results_path() const { return directory_ + "/results.jsonl"; }

  // More of the environment, as "NAME=value".
  void AddEnvironment(const std::string& variable) { environment_.push_back(variable); }

  // Calls `prepare` in the launcher's process before it is executed.
  void Prepare(std::function<void()> prepare) { prepare_ = std::move(prepare); }

  // Starts the launcher with all required options and `arguments`. An option among them replaces
  // the required one.
  pid_t Start(const std::vector<std::string>& arguments);
  // Waits for its end. Returns the exit status, or 128 and the number of the signal that ended it.
  int Await();
  int Run(const std::vector<std::string>& arguments) {
    Start(arguments);
    return Await();
  }

  // Waits until the results file fulfils the predicate. False if the launcher ends before.
  bool AwaitResults(const std::function<bool(const std::string& text)>& predicate);

  // What it said on standard error.
  std::string Errors() const;

  // Whole lines of the results file.
  std::vector<nlohmann::json> Records() const;
  std::vector<nlohmann::json> Records(const std::string& type) const;
  // Result records by "test" or, with an iteration above 1, "test#iteration".
  std::map<std::string, nlohmann::json> Results() const;

 private:
  LauncherPaths paths_;
  std::string directory_;
  std::vector<std::string> environment_;
  std::function<void()> prepare_ = [] {};
  pid_t pid_ = -1;
};

// The cgroups of launcher `pid` that are there, in every hierarchy.
std::vector<std::string> CgroupsOf(pid_t pid);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_LAUNCHER_PROCESS_H_
