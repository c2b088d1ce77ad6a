// SPDX-License-Identifier: Apache-2.0
//
// Prints every fault: a JSON object a line, with `id`, `requirement`, `level` and `what`.

#include <cstdio>
#include <nlohmann/json.hpp>

#include "conformance/faults/fault.h"

int main() {
  for (const lxcspec::faults::Fault& fault : lxcspec::faults::AllFaults()) {
    const nlohmann::json line = {
        {"id", fault.Id()}, {"requirement", fault.requirement.id}, {"what", fault.what}};
    puts(line.dump().c_str());
  }
  return 0;
}
