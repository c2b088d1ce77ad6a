// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/execute.h"

#include <unistd.h>

namespace lxcspec::launcher {
namespace {

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& one : strings) pointers.push_back(const_cast<char*>(one.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Error Execute(const std::vector<std::string>& argv, const std::vector<std::string>& environment) {
  const std::vector<char*> arguments = Pointers(argv);
  execve(arguments[0], arguments.data(), Pointers(environment).data());
  return ErrnoError("execve(" + argv[0] + ")");
}

}  // namespace lxcspec::launcher
