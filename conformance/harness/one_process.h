// SPDX-License-Identifier: Apache-2.0
//
// Tests that ask for more than a testee in another process can be asked: what is not offered makes
// the running test's result `unsupported`, whatever else the test finds.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_ONE_PROCESS_H_
#define LXCSPEC_CONFORMANCE_HARNESS_ONE_PROCESS_H_

#include <string>
#include <string_view>

namespace lxcspec {

// Forgets what an earlier test noted. To be called before the running test forks.
void ForgetNotOffered();

// Notes what was asked for in vain. The first note counts, be it made in a forked process.
void NoteNotOffered(std::string_view what);

// The note, or "".
std::string NotOffered();

// For helpers and tests that look at, or change, the calling process to learn something of the
// testee: with a testee in a process of its own it is noted that there is no such thing. `what` it
// is reads on from "the testee shares": "the descriptors of the test".
void RelyOnOneProcess(std::string_view what);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_ONE_PROCESS_H_
