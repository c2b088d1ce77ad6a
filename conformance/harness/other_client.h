// SPDX-License-Identifier: Apache-2.0
//
// A second client: a process beside the test that makes a call which may take long or for ever,
// so that the test can act meanwhile, see whether it has returned, and end it.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_OTHER_CLIENT_H_
#define LXCSPEC_CONFORMANCE_HARNESS_OTHER_CLIENT_H_

#include <sys/types.h>

#include <chrono>
#include <functional>

#include "conformance/harness/waiting.h"
#include "conformance/posix/result.h"

namespace lxcspec {

class OtherClient {
 public:
  // Forks. The body runs in the new process, sees the test's objects as they are now, and must
  // not use GoogleTest's assertions: what it returns is all that comes back.
  static Result<OtherClient> Start(const std::function<bool()>& body);

  // The same with this process id, which must have become free or become so before the deadline.
  // Only the body's own doing is safe in such a process: it has no thread but its own.
  static Result<OtherClient> StartAs(pid_t number, const std::function<bool()>& body);

  OtherClient(OtherClient&& other) noexcept : pid_(other.pid_) { other.pid_ = -1; }
  OtherClient& operator=(OtherClient&&) = delete;
  // Kills it, if it still runs, and waits for its end.
  ~OtherClient() { Kill(); }

  pid_t pid() const { return pid_; }
  bool HasReturned() const;

  // Waits for the body's end and returns what it returned. ETIMEDOUT; EPROTO where it crashed.
  Result<bool> Await(std::chrono::milliseconds unscaled = kPatience);

  void Kill();

 private:
  explicit OtherClient(pid_t pid) : pid_(pid) {}

  pid_t pid_;
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_OTHER_CLIENT_H_
