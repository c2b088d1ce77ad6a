// SPDX-License-Identifier: Apache-2.0
//
// One step of a generated sequence: a call to the Testee interface, and what came of it in a form
// that two implementations can be compared by.

#ifndef LXCSPEC_CONFORMANCE_DIFFERENTIAL_STEPS_H_
#define LXCSPEC_CONFORMANCE_DIFFERENTIAL_STEPS_H_

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "conformance/posix/result.h"
#include "conformance/testee/testee.h"

namespace lxcspec {

// A word that names the call, then its arguments. An argument "\0" is NULL.
using Step = std::vector<std::string>;

// What a call answered.
struct Answer {
  bool ok = false;
  // What it returned, or what it left in a file; the sequence's folder is written as $DIR.
  std::string value;
  // The errno's name; empty for success.
  std::string error;
};

// Plays steps on one container object in a folder of its own. In arguments, $DIR is that folder.
class Player {
 public:
  // Keeps both; `folder` exists and is empty.
  Player(Testee* testee, std::filesystem::path folder);

  // EINVAL for a word that is no step, or with another number of arguments.
  Result<Answer> Play(const Step& step);

 private:
  Answer Save();
  Answer Load(const std::string& text);
  Answer SaveAndReopen();
  Status Open();

  Testee* testee_;
  std::filesystem::path folder_;
  std::unique_ptr<Container> container_;
  Status opened_;
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_DIFFERENTIAL_STEPS_H_
