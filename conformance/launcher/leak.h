// SPDX-License-Identifier: Apache-2.0
//
// What a test left behind, under names that are the same in every run.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_LEAK_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_LEAK_H_

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace lxcspec::launcher {

struct Leak {
  std::string leak_class;  // process, zombie, fd, mount, cgroup, netdev or file
  std::string what;

  auto operator<=>(const Leak&) const = default;
};

// Replaces what differs from run to run: numbers that stand alone or end a word of more than one
// letter become
// `<n>`, random suffixes of interface names and temporary files `<random>`.
std::string StableName(std::string_view name);

// Names each leak stably, cuts overlong names, and sorts and joins what is the same then.
std::vector<Leak> Normalised(std::vector<Leak> leaks);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_LEAK_H_
