// SPDX-License-Identifier: Apache-2.0
//
// Ways to be wrong about a seccomp policy: the container is started with another text of it than
// the one that its profile names.

#ifndef LXCSPEC_CONFORMANCE_FAULTS_POLICIES_H_
#define LXCSPEC_CONFORMANCE_FAULTS_POLICIES_H_

#include <string>

#include "conformance/faults/ways.h"

namespace lxcspec::faults {

// The text of a policy file; empty where it cannot be read.
std::string PolicyOf(const std::string& file);

// Starts the container with this policy instead of its own.
bool StartUnder(abi::Container* c, int use_init, char* const argv[], const std::string& policy);

// Every occurrence of a text in a policy by another one.
std::string Replaced(std::string policy, const std::string& what, const std::string& with);

// Containers with a policy start with what `kChange`, a function from text to text, makes of it.
template <auto kChange>
void ReadsPolicyAs(Broken& broken) {
  broken.members.start = [](abi::Container* c, int use_init, char* const argv[]) {
    const std::string policy = PolicyOf(Item(c, "lxc.seccomp.profile"));
    if (policy.empty()) return Original().start(c, use_init, argv);
    return StartUnder(c, use_init, argv, kChange(policy));
  };
}

// One text in a policy is taken for another one.
template <Text kWhat, Text kWith>
void MistakesInPolicy(Broken& broken) {
  ReadsPolicyAs<[](std::string policy) {
    return Replaced(std::move(policy), kWhat.value, kWith.value);
  }>(broken);
}

// Containers start without the policy where their start fails with it.
void StartsWithoutBadPolicy(Broken& broken);

}  // namespace lxcspec::faults

#endif  // LXCSPEC_CONFORMANCE_FAULTS_POLICIES_H_
