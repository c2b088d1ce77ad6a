// SPDX-License-Identifier: Apache-2.0

#include "conformance/faults/policies.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace lxcspec::faults {
namespace {

constexpr char kProfile[] = "lxc.seccomp.profile";

}  // namespace

std::string PolicyOf(const std::string& file) {
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(file, unknown)) return "";
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool StartUnder(abi::Container* c, int use_init, char* const argv[], const std::string& policy) {
  char file[] = "/tmp/policy.XXXXXX";
  const int fd = mkstemp(file);
  const bool written =
      fd >= 0 && write(fd, policy.data(), policy.size()) == static_cast<ssize_t>(policy.size());
  close(fd);
  const bool started = written && StartWith(c, use_init, argv, kProfile, file);
  unlink(file);
  return started;
}

std::string Replaced(std::string policy, const std::string& what, const std::string& with) {
  for (size_t at = 0; (at = policy.find(what, at)) != std::string::npos; at += with.size()) {
    policy.replace(at, what.size(), with);
  }
  return policy;
}

void StartsWithoutBadPolicy(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    if (Original().start(c, use_init, argv)) return true;
    return !Item(c, kProfile).empty() && StartWith(c, use_init, argv, kProfile, "");
  };
}

}  // namespace lxcspec::faults
