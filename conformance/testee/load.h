// SPDX-License-Identifier: Apache-2.0
//
// From the words after --testee to an implementation that can be called.

#ifndef LXCSPEC_CONFORMANCE_TESTEE_LOAD_H_
#define LXCSPEC_CONFORMANCE_TESTEE_LOAD_H_

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "conformance/posix/result.h"
#include "conformance/testee/connection.h"
#include "conformance/testee/testee.h"

namespace lxcspec {

struct LoadOptions {
  // For a shared object: LiblxcOptions::abi_version.
  std::string abi_version;
  // For a program: what becomes of what it does not offer and of its loss, and how long it may
  // take to end.
  ConnectionEvents events;
  std::chrono::milliseconds patience{10000};
};

// "exec:PROGRAM ARGUMENT...", split at blanks, is a program that speaks the testee protocol; all
// else is the path of a shared object with liblxc's C ABI.
inline constexpr std::string_view kExecPrefix = "exec:";

// Fails as LoadLiblxc() or StartProtocolTestee().
Result<std::unique_ptr<Testee>> LoadTestee(const std::string& testee, LoadOptions options);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_TESTEE_LOAD_H_
