// SPDX-License-Identifier: Apache-2.0
//
// What this kernel can do, each found by doing it (spec/needs.yaml names them and their proofs).
// A run probes once; the launcher hands the answers to every test process in a file.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_NEEDS_H_
#define LXCSPEC_CONFORMANCE_HARNESS_NEEDS_H_

#include <string>
#include <string_view>

#include "conformance/posix/result.h"

namespace lxcspec {

struct NeedAnswer {
  bool present = false;
  // What was done and what came of it, with the errno where it failed.
  std::string evidence;
};

// The answer from the needs file, else that of the probe itself. Asking for a name that has no
// probe ends the process: it is a mistake in the suite, not a fact about the kernel.
const NeedAnswer& AskNeed(std::string_view name);

// Reads need records (conformance/README.md), one a line; other lines are ignored.
Status LoadNeedAnswers(const std::string& path);

// Probes every need of the specification and prints one need record a line on standard output.
void PrintNeedAnswers();

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_NEEDS_H_
