// SPDX-License-Identifier: Apache-2.0
//
// Counts what containers have left on the machine.

#ifndef LXCSPEC_RUNTIME_STRESS_LEFTOVERS_H_
#define LXCSPEC_RUNTIME_STRESS_LEFTOVERS_H_

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace lxcspec::runtime {

// Everything that the containers have carries this text in its name.
class Leftovers {
 public:
  explicit Leftovers(std::string mark);

  // How much there is now of each kind that was not there at construction: processes, cgroups,
  // mounts, links, descriptors, files.
  std::map<std::string, size_t> Count() const;

 private:
  std::map<std::string, size_t> CountAll() const;

  std::string mark_;
  std::map<std::string, size_t> before_;
};

// How many programs and maps of device rules the kernel has, of whichever container: by their name.
std::map<std::string, size_t> CountDeviceObjects();

struct FoundProcess {
  pid_t pid;
  std::string command_line;
};

// Processes whose command line has the text in it, and this one's children.
std::vector<FoundProcess> FindProcesses(const std::string& mark);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_STRESS_LEFTOVERS_H_
