// SPDX-License-Identifier: Apache-2.0
//
// Carries calls that wait for an answer to a proxy, lxc.seccomp.notify.proxy, and its answers back,
// within the monitor's loop. Nothing here blocks. A connection carries one call at a time, because
// proxies tell calls apart by nothing else; so as many are opened as there are calls on their way,
// and a call that a proxy thinks about delays no other.
//
// A call gets ENOSYS that the proxy does not answer: it is not there, closes the connection after
// it has read the message, takes longer than the settings' patience, or says what is no answer to
// it.

#ifndef LXCSPEC_RUNTIME_CONTAINER_SECCOMP_RELAY_H_
#define LXCSPEC_RUNTIME_CONTAINER_SECCOMP_RELAY_H_

#include <linux/seccomp.h>
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/kernel/event_loop.h"
#include "runtime/kernel/seccomp/notify.h"

namespace lxcspec::runtime {

struct RelaySettings {
  // `unix:/path` or `unix:@name`.
  std::string proxy;
  std::string cookie;
  // Whether the proxy is given the listener.
  bool sends_listener = true;
  std::chrono::milliseconds patience = std::chrono::seconds(30);
  // How many calls may be on their way; further ones wait in the kernel.
  size_t most_calls = 128;
};

class SeccompRelay {
 public:
  // The loop outlives it. Errors are told once until a call is answered again.
  static Result<std::unique_ptr<SeccompRelay>> Create(EventLoop& loop, RelaySettings settings,
                                                      std::function<void(const Error&)> on_error);

  SeccompRelay(const SeccompRelay&) = delete;
  SeccompRelay& operator=(const SeccompRelay&) = delete;
  ~SeccompRelay();

  // Takes the listener's calls, until nobody is left who could make one. EINVAL for what is no
  // listener.
  Status Watch(UniqueFd listener, pid_t init);

  // How many calls are on their way, and how many listeners are watched.
  size_t calls() const { return calls_.size(); }
  size_t listeners() const { return listeners_.size(); }

 private:
  struct Listener {
    UniqueFd fd;
    pid_t init;
  };
  // A connection to the proxy, and the call that it carries; 0: none.
  struct Connection {
    UniqueFd fd;
    uint64_t call = 0;
  };
  struct Call {
    std::shared_ptr<Listener> listener;
    // The kernel's for the call, and the caller's number in this namespace.
    uint64_t id;
    pid_t caller;
    std::string message;
    EventLoop::TimerId deadline;
    std::optional<EventLoop::TimerId> again;
    // The connection that carries it; -1: none yet.
    int connection = -1;
    bool was_sent_again = false;
  };

  SeccompRelay(EventLoop& loop, RelaySettings settings, CallReader reader,
               std::function<void(const Error&)> on_error);

  void OnListener(const std::shared_ptr<Listener>& listener, uint32_t events);
  void Take(const std::shared_ptr<Listener>& listener);
  void Forget(int listener);
  // Lets the kernel wake the loop for calls, or not.
  void SetInterest();

  // What a proxy is given to look into a caller.
  struct CallersFiles {
    const UniqueFd* process;
    UniqueFd memory;
  };
  // Of the task that has this number now, which may be another one than the call's: the call is to
  // be looked at afterwards.
  Result<CallersFiles> OpenFilesOf(pid_t caller);

  // Sends a call to the proxy, over a connection that is free or a new one.
  void SendCall(uint64_t key);
  // EAGAIN where the proxy has too many connections to accept.
  Result<int> FreeConnection();
  Result<int> Connect();
  Status SendOver(const Connection& connection, const Call& call, const CallersFiles& files) const;
  void OnConnection(int fd);
  // The proxy's answer has the call's id, and the connection can carry the next.
  void OnAnswer(uint64_t key, std::string_view bytes);
  void Drop(int connection);

  void Answer(uint64_t key, const seccomp_notif_resp& answer);
  // The call that gets no answer.
  void GiveUp(uint64_t key, const Error& error);
  void Complain(const Error& error);

  EventLoop* loop_;
  RelaySettings settings_;
  // This process.
  pid_t monitor_;
  CallReader reader_;
  std::function<void(const Error&)> on_error_;
  std::map<int, std::shared_ptr<Listener>> listeners_;
  std::map<int, Connection> connections_;
  // Connections that carry nothing; the last one used is the next.
  std::vector<int> free_;
  std::map<uint64_t, Call> calls_;
  // The last caller's folder in /proc, which often is the next one's. The memory in it is opened
  // each time: it is another one when a process has executed a program.
  // seccomp_proxy_send_notify_fd.holds_nothing
  pid_t last_caller_ = -1;
  UniqueFd last_process_;
  uint64_t calls_taken_ = 0;
  bool is_full_ = false;
  bool has_complained_ = false;
  std::vector<char> answer_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_SECCOMP_RELAY_H_
