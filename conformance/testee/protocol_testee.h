// SPDX-License-Identifier: Apache-2.0
//
// The adapter for an implementation in a process of its own, in any language: it speaks
// spec/testee-protocol.md.

#ifndef LXCSPEC_CONFORMANCE_TESTEE_PROTOCOL_TESTEE_H_
#define LXCSPEC_CONFORMANCE_TESTEE_PROTOCOL_TESTEE_H_

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "conformance/posix/result.h"
#include "conformance/testee/connection.h"
#include "conformance/testee/testee.h"

namespace lxcspec {

// Starts the command and greets it; fails as Connection::Open() does. Its process ends with the
// Testee, though containers of it may live on as objects that fail with EPROTO.
Result<std::unique_ptr<Testee>> StartProtocolTestee(const std::vector<std::string>& command,
                                                    ConnectionEvents events,
                                                    std::chrono::milliseconds patience);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_TESTEE_PROTOCOL_TESTEE_H_
