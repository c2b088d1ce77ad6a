// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/command_server.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <deque>
#include <string_view>
#include <utility>

namespace lxcspec::runtime {
namespace {

constexpr size_t kReadSize = size_t{16} * 1024;
// How many answers may wait for a client that does not read.
constexpr size_t kMostWaiting = 256;
// How long nobody new is let in after descriptors ran out.
constexpr std::chrono::milliseconds kRest(100);

}  // namespace

class CommandConnection : public std::enable_shared_from_this<CommandConnection> {
 public:
  CommandConnection(CommandServer& server, UniqueFd socket, Credentials peer)
      : server_(&server), socket_(std::move(socket)), peer_(peer) {}

  int fd() const { return socket_.get(); }
  // Once it is among the server's connections: its first request often is there already.
  void Begin();
  void OnEvents(uint32_t events);
  void Send(Reply reply);
  // Sends what the socket takes. False where the client has gone.
  bool Flush();
  void OnGone(std::function<void()> on_gone) { on_gone_.push_back(std::move(on_gone)); }
  void HangUp() { server_->Drop(fd()); }
  void CallGone();

 private:
  // A frame, whole: a client that waits for one is woken once.
  struct Outgoing {
    std::string bytes;
    std::vector<UniqueFd> fds;
    size_t sent = 0;
  };

  bool Read();
  bool Dispatch();
  void SetInterest();

  CommandServer* server_;
  UniqueFd socket_;
  Credentials peer_;
  FrameReader reader_{kLongestRequest};
  std::vector<UniqueFd> received_;
  std::deque<Outgoing> waiting_;
  // What the loop wakes it for; nothing before Begin().
  uint32_t interest_ = 0;
  std::vector<std::function<void()>> on_gone_;
};

void CommandConnection::Begin() {
  const auto watched =
      server_->loop_->Add(fd(), EPOLLIN, [this](uint32_t events) { OnEvents(events); });
  if (!watched) return HangUp();
  interest_ = EPOLLIN;
  OnEvents(EPOLLIN);
}

void CommandConnection::OnEvents(uint32_t events) {
  // A handler may hang up.
  const auto self = shared_from_this();
  bool there = true;
  if ((events & EPOLLOUT) != 0) there = Flush() && Dispatch();
  if (there && (events & EPOLLIN) != 0) there = Read() && Dispatch();
  if (there && (events & (EPOLLERR | EPOLLHUP)) != 0 && (events & EPOLLIN) == 0) there = false;
  if (there)
    SetInterest();
  else
    HangUp();
}

bool CommandConnection::Read() {
  std::array<char, kReadSize> buffer;
  const auto count = Receive(socket_, buffer, received_);
  if (!count) return count.error().code == EAGAIN;
  // No request has more.
  if (received_.size() > kMostDescriptors) return false;
  if (*count == 0) return false;
  reader_.Append(std::string_view(buffer.data(), *count));
  return true;
}

// Requests wait while answers wait, so a client cannot pile them up.
bool CommandConnection::Dispatch() {
  while (waiting_.empty() && fd() >= 0) {
    auto frame = reader_.Next();
    if (!frame) return false;
    if (!*frame) break;
    const Client client(weak_from_this());
    const auto handler = server_->handlers_.find(static_cast<Command>((*frame)->word));
    if (handler == server_->handlers_.end()) {
      Send({.code = ENOSYS, .body = "unknown command", .fds = {}});
    } else {
      handler->second(Request{.peer = peer_,
                              .body = std::move((*frame)->body),
                              .fds = std::exchange(received_, {})},
                      client);
    }
  }
  return true;
}

void CommandConnection::Send(Reply reply) {
  if (waiting_.size() >= kMostWaiting) return HangUp();
  waiting_.push_back(
      {.bytes = EncodedHeader(static_cast<uint32_t>(reply.code), reply.body.size()) + reply.body,
       .fds = std::move(reply.fds)});
  if (Flush())
    SetInterest();
  else
    HangUp();
}

bool CommandConnection::Flush() {
  while (!waiting_.empty()) {
    Outgoing& next = waiting_.front();
    std::vector<int> fds;
    for (const UniqueFd& fd : next.fds) fds.push_back(fd.get());
    const auto sent = runtime::Send(socket_, std::string_view{next.bytes}.substr(next.sent), fds);
    if (!sent) return sent.error().code == EAGAIN;
    next.fds.clear();
    next.sent += *sent;
    if (next.sent == next.bytes.size()) waiting_.pop_front();
  }
  return true;
}

void CommandConnection::SetInterest() {
  const uint32_t wanted = waiting_.empty() ? EPOLLIN : EPOLLOUT;
  if (fd() < 0 || wanted == interest_) return;
  interest_ = wanted;
  // Fails only for a descriptor that is not watched, when the client is being let go.
  static_cast<void>(server_->loop_->Change(fd(), wanted));
}

void CommandConnection::CallGone() {
  for (const auto& on_gone : std::exchange(on_gone_, {})) on_gone();
  socket_ = UniqueFd();
}

Reply FailedReply(const Error& error) {
  return {.code = error.code, .body = error.attempted, .fds = {}};
}

void Client::Send(Reply reply) const {
  if (const auto connection = connection_.lock()) connection->Send(std::move(reply));
}

void Client::OnGone(std::function<void()> on_gone) const {
  if (const auto connection = connection_.lock()) connection->OnGone(std::move(on_gone));
}

void Client::HangUp() const {
  if (const auto connection = connection_.lock()) connection->HangUp();
}

bool Client::IsThere() const { return !connection_.expired(); }

CommandServer::~CommandServer() { Close(); }

void CommandServer::Handle(Command command, Handler handler) {
  HandleLate(command, [handler = std::move(handler)](const Request& request, const Client& client) {
    client.Send(handler(request));
  });
}

void CommandServer::HandleLate(Command command, LateHandler handler) {
  handlers_[command] = std::move(handler);
}

Status CommandServer::Listen(const std::string& address) {
  auto listener = ListenAbstract(address);
  if (!listener) return Forward(std::move(listener).error());
  TRY(loop_->Add(listener->get(), EPOLLIN, [this](uint32_t) { OnConnect(); }));
  listener_ = *std::move(listener);
  return {};
}

void CommandServer::OnConnect() {
  auto socket = Accept(listener_);
  if (!socket) {
    const int code = socket.error().code;
    if (code != EMFILE && code != ENFILE && code != ENOMEM && code != ENOBUFS) return;
    // The connection stays in the queue and would wake the loop again at once.
    static_cast<void>(loop_->Change(listener_.get(), 0));
    loop_->After(kRest, [this] {
      if (listener_.valid()) static_cast<void>(loop_->Change(listener_.get(), EPOLLIN));
    });
    return;
  }
  const auto peer = PeerOf(*socket);
  if (!peer) return;
  if (peer->uid != 0 && peer->uid != geteuid()) {
    static_cast<void>(runtime::Send(*socket, EncodedHeader(EACCES, 0)));
    return;
  }
  const int fd = socket->get();
  const auto connection = std::make_shared<CommandConnection>(*this, *std::move(socket), *peer);
  connections_.emplace(fd, connection);
  connection->Begin();
}

void CommandServer::Drop(int fd) {
  const auto found = connections_.find(fd);
  if (found == connections_.end()) return;
  const std::shared_ptr<CommandConnection> connection = std::move(found->second);
  connections_.erase(found);
  loop_->Remove(fd);
  connection->CallGone();
}

void CommandServer::Close() {
  if (listener_.valid()) loop_->Remove(listener_.get());
  listener_ = UniqueFd();
  while (!connections_.empty()) {
    connections_.begin()->second->Flush();
    Drop(connections_.begin()->first);
  }
}

}  // namespace lxcspec::runtime
