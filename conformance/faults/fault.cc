// SPDX-License-Identifier: Apache-2.0

#include "conformance/faults/fault.h"

#include <vector>

namespace lxcspec::faults {
namespace {

std::vector<Fault>& Registered() {
  static std::vector<Fault> faults;
  return faults;
}

}  // namespace

std::string Fault::Id() const { return std::string(requirement.id) + "." + std::string(name); }

Faults::Faults(std::initializer_list<Fault> faults) {
  Registered().insert(Registered().end(), faults.begin(), faults.end());
}

std::span<const Fault> AllFaults() { return Registered(); }

}  // namespace lxcspec::faults
