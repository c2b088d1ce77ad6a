// SPDX-License-Identifier: Apache-2.0
//
// A testee in a process of its own, which is asked over its standard input and output
// (spec/testee-protocol.md). What it prints on standard error appears on ours, before the call
// returns.

#ifndef LXCSPEC_CONFORMANCE_TESTEE_CONNECTION_H_
#define LXCSPEC_CONFORMANCE_TESTEE_CONNECTION_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"
#include "conformance/testee/frame.h"
#include "conformance/testee/message.h"

namespace lxcspec {

// What becomes of a test that asks for more than there is, or whose testee is lost. Either may
// end the process.
struct ConnectionEvents {
  // Something was asked that this testee, or the protocol, does not offer. The call fails with
  // ENOSYS. Also called in forked processes.
  std::function<void(const std::string& what)> not_offered;
  // The testee has ended (ECONNRESET), or has done what it may not (EPROTO). All calls fail with
  // EPROTO from now on.
  std::function<void(const Error& how)> lost;
};

class Connection {
 public:
  // Starts the command (a program's path and its arguments) and greets it. Waits for its answer
  // without a limit. Fails with what starting failed with; ECONNRESET where it ended or closed
  // its output; EPROTO or EPROTONOSUPPORT where it said something else. `patience` is how long its
  // process may take to end when the connection has.
  static Result<std::shared_ptr<Connection>> Open(const std::vector<std::string>& command,
                                                  ConnectionEvents events,
                                                  std::chrono::milliseconds patience);

  // Ends the connection as Close() does.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const std::string& version() const { return hello_.version; }
  bool Offers(std::string_view call) const { return hello_.offers.contains(call); }

  // Asks, and waits for the answer without a limit. Fails with the errno that was answered, with
  // ENOSYS where the call is not offered, with EPROTO when the testee is lost. `attempted` names
  // the call in errors.
  Result<nlohmann::json> Call(std::string_view call, nlohmann::json arguments,
                              std::string attempted);

  // Whether a call would reach the testee: not from a forked process, nor after its end.
  bool Usable() const { return channel_ && !Elsewhere(); }

  // For what cannot be asked at all. Returns the error to answer with.
  Error NotOffered(const std::string& what);
  // For a reply that does not say what the call's should. Returns the error to answer with.
  Error Lost(Error how);

  // Closes the testee's input and waits for the end of its process, which is killed when the
  // patience is over. It is lost if it did not end by itself with status 0. Calls afterwards do
  // nothing and fail with EPROTO.
  void Close();

 private:
  Connection(ConnectionEvents events, std::chrono::milliseconds patience);

  Status Start(const std::vector<std::string>& command);
  Status Greet();
  // Fails with ECONNRESET or EPROTO.
  Result<nlohmann::json> Exchange(const std::string& request, uint64_t id, int* error);
  Status Send(std::string_view frame);
  // Waits for one of `events` on the connection, and passes on what comes on standard error.
  Status Await(short events);
  Status Receive();
  void RelayErrors();
  // Waits for the end of a testee that has closed its output, and says how it was.
  Error HowItEnded();
  Error EndOfChild() const;
  // Closes the testee's input and waits for its end; fails with what was wrong with that.
  Status Finish();
  // Returns whether the process ended by then; how is in status_.
  bool AwaitEnd(std::chrono::milliseconds time);
  bool Elsewhere() const;

  const ConnectionEvents events_;
  const std::chrono::milliseconds patience_;
  // Calls come from the process and thread that opened it; others would take each other's answers.
  const pid_t process_;
  const pid_t thread_;
  pid_t child_ = -1;
  int status_ = 0;
  UniqueFd child_fd_;
  UniqueFd channel_;
  UniqueFd errors_;
  FrameReader reader_;
  Hello hello_;
  bool greeted_ = false;
  uint64_t last_id_ = 0;
};

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_TESTEE_CONNECTION_H_
