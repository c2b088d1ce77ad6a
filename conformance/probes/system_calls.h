// SPDX-License-Identifier: Apache-2.0
//
// System calls made bare, with whatever arguments: a filter sees all six, whether the kernel uses
// them or not.

#ifndef LXCSPEC_CONFORMANCE_PROBES_SYSTEM_CALLS_H_
#define LXCSPEC_CONFORMANCE_PROBES_SYSTEM_CALLS_H_

#include <string>
#include <vector>

#include "conformance/probes/commands.h"

namespace lxcspec::probe {

// Each takes a number and its arguments in one word, separated by commas: "0x10,2". "-" stands
// for none of them, "@" for the address of the page that Poke() writes to.

// Answers with the value that it returned, or its errno.
Answer MakeSystemCall(const std::vector<std::string>& arguments);

// The same through the gate of 32-bit x86 programs, whose numbers are other ones.
Answer MakeCompatCall(const std::vector<std::string>& arguments);

// Makes the call with a handler for SIGSYS, and answers with the signal's code, call and
// architecture, or "not trapped".
Answer MakeTrappedCall(const std::vector<std::string>& arguments);

// Writes a text, and a zero byte, to a page that this process and its later children share.
Answer Poke(const std::vector<std::string>& arguments);

}  // namespace lxcspec::probe

#endif  // LXCSPEC_CONFORMANCE_PROBES_SYSTEM_CALLS_H_
