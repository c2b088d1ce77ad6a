// SPDX-License-Identifier: Apache-2.0
//
// The suite as a program: the command lines that make it list, probe, ask and test, and how its
// answers read.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_SUITE_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_SUITE_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/launcher/preflight.h"

namespace lxcspec::launcher {

class SuiteCommands {
 public:
  SuiteCommands(const Parts& parts, double speed) : parts_(parts), speed_(speed) {}

  std::vector<std::string> List() const;
  std::vector<std::string> Needs() const;
  std::vector<std::string> Claims() const;
  std::vector<std::string> Test(const std::string& test) const;
  // Serves forks on that descriptor (fork_server.h).
  std::vector<std::string> Serve(int socket) const;

 private:
  std::vector<std::string> Command(std::vector<std::string> arguments) const;
  std::vector<std::string> ForTests(std::string what) const;

  Parts parts_;
  double speed_;
};

// What a process of the suite finds in its environment: constants, and what configures the suite or
// a sanitizer.
std::vector<std::string> SuiteEnvironment(char** own);

struct Claims {
  nlohmann::json version;  // null if the testee did not say
  // One per extension, in the order of their first mention.
  std::vector<nlohmann::json> claims;
};

// The records of type `record` in what the suite printed; all else is chatter.
std::vector<nlohmann::json> RecordsIn(std::string_view printed, std::string_view record);

// `failure`: how asking ended, if not well. It becomes the reason of what was not answered.
Claims ReadClaims(std::string_view printed, const std::optional<std::string>& failure);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_SUITE_H_
