// SPDX-License-Identifier: Apache-2.0
//
// The monitor's end of the command socket: calls a handler for each request, and never waits for a
// client. Only root and the monitor's own user are heard.

#ifndef LXCSPEC_RUNTIME_CONTAINER_COMMAND_SERVER_H_
#define LXCSPEC_RUNTIME_CONTAINER_COMMAND_SERVER_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/container/command.h"
#include "runtime/kernel/event_loop.h"
#include "runtime/kernel/socket.h"

namespace lxcspec::runtime {

struct Request {
  Credentials peer;
  std::string body;
  // What came with it, or shortly before it.
  std::vector<UniqueFd> fds;
};

struct Reply {
  // A positive errno, or 0.
  int code = 0;
  std::string body;
  std::vector<UniqueFd> fds;
};

// An answer that says what failed: the errno, and the text as its body.
Reply FailedReply(const Error& error);

class CommandConnection;

// One client, for as long as it is there. Copies stand for the same client; all of it does nothing
// once the client has gone.
class Client {
 public:
  explicit Client(std::weak_ptr<CommandConnection> connection)
      : connection_(std::move(connection)) {}

  // Queues an answer. A client that does not read, while more than a little has been pushed to it
  // without being asked for, is cut off.
  void Send(Reply reply) const;
  // Is called once, when the client has hung up or was cut off.
  void OnGone(std::function<void()> on_gone) const;
  void HangUp() const;
  bool IsThere() const;

 private:
  std::weak_ptr<CommandConnection> connection_;
};

class CommandServer {
 public:
  using Handler = std::function<Reply(const Request&)>;
  // Answers when it can, once or several times.
  using LateHandler = std::function<void(const Request&, Client)>;

  // The loop outlives the server.
  explicit CommandServer(EventLoop& loop) : loop_(&loop) {}
  CommandServer(const CommandServer&) = delete;
  CommandServer& operator=(const CommandServer&) = delete;
  ~CommandServer();

  // Each feature registers what it answers; the last one for a command counts. Commands without a
  // handler are answered with ENOSYS.
  void Handle(Command command, Handler handler);
  void HandleLate(Command command, LateHandler handler);

  // EADDRINUSE where the address is taken.
  Status Listen(const std::string& address);

  // After a fork: it is this process that listens.
  Status ListenOn() const { return ListenAsThisProcess(listener_); }

  // Sends what is still queued, as far as the sockets take it at once, and hangs up on everybody.
  void Close();

 private:
  friend class CommandConnection;

  void OnConnect();
  void Drop(int fd);

  EventLoop* loop_;
  UniqueFd listener_;
  std::map<Command, LateHandler> handlers_;
  std::map<int, std::shared_ptr<CommandConnection>> connections_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_COMMAND_SERVER_H_
