// SPDX-License-Identifier: Apache-2.0
//
// A seccomp proxy that does, step by step, what its test tells it: what lxc.seccomp.notify.proxy
// names, to which the implementation connects and forwards notifications.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_NOTIFY_PROXY_H_
#define LXCSPEC_CONFORMANCE_HARNESS_NOTIFY_PROXY_H_

#include <linux/seccomp.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "conformance/harness/seccomp_notify.h"
#include "conformance/harness/waiting.h"
#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {

// The fixed part that stands before the kernel's structs.
struct ProxyHeader {
  uint64_t reserved;
  pid_t monitor_pid;
  pid_t init_pid;
  seccomp_notif_sizes sizes;
  uint16_t padding;
  uint64_t cookie_length;
};
static_assert(sizeof(ProxyHeader) == 32);

// One message as it came.
struct ProxyRequest {
  std::string bytes;
  std::vector<UniqueFd> descriptors;

  ProxyHeader Header() const;
  Notification Call() const;
  // The answer that is to be filled in, and what stands behind it.
  seccomp_notif_resp Blank() const;
  std::string Cookie() const;

  // The message's first part with this answer in it: what a proxy sends back.
  std::string Answer(const seccomp_notif_resp& answer) const;
  std::string AnswerErrno(int error) const;
  std::string AnswerValue(int64_t value) const;
  std::string AnswerContinue() const;

 private:
  // Where the answer begins and ends, at most the message's size.
  size_t AnswerBegin() const;
  size_t AnswerEnd() const;
};

class NotifyProxy {
 public:
  // Listens at a path, or, where the name begins with '@', at an abstract address.
  static Result<NotifyProxy> Listen(const std::string& name);

  NotifyProxy(NotifyProxy&&) = default;
  NotifyProxy& operator=(NotifyProxy&&) = delete;
  ~NotifyProxy() { Die(); }

  // The value of lxc.seccomp.notify.proxy.
  std::string Key() const { return "unix:" + name_; }

  // Waits for the next message, on whatever connection it comes. ETIMEDOUT.
  Result<ProxyRequest> Receive(std::chrono::milliseconds unscaled = kPatience);

  // Sends this where the last message came from.
  Status Send(const std::string& bytes);

  // Ends the connection that the last message came from.
  void HangUp();

  // Ends everything, as when the program dies; Restart() listens again.
  void Die();
  Status Restart();

  // Whether anybody has connected since it listens.
  Result<bool> HasConnections();

 private:
  NotifyProxy(std::string name, UniqueFd listener)
      : name_(std::move(name)), listener_(std::move(listener)) {}

  std::string name_;
  UniqueFd listener_;
  std::vector<UniqueFd> connections_;
  size_t last_ = 0;  // of connections_
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_NOTIFY_PROXY_H_
