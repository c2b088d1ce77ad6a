// SPDX-License-Identifier: Apache-2.0
//
// The floor of a call that is forwarded to a proxy: a process that does for it what the protocol
// needs and nothing else, and that waits in those calls themselves.

#ifndef LXCSPEC_BENCH_SECCOMP_FORWARDING_H_
#define LXCSPEC_BENCH_SECCOMP_FORWARDING_H_

#include <string>

#include "bench/seccomp_supervision.h"
#include "conformance/posix/result.h"

namespace lxcspec {

// A caller without a container, whose calls a process forwards to this one: a proxy that listens at
// this path. Seven system calls of the forwarding process for each: it receives the call, opens the
// caller's memory, asks whether the call still waits, sends the message, closes, receives the
// answer and gives it.
Result<Callers> StartForwardedCaller(const std::string& path);

}  // namespace lxcspec

#endif  // LXCSPEC_BENCH_SECCOMP_FORWARDING_H_
