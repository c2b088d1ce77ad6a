// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/seccomp/relay.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "runtime/extensions/seccomp_notify.h"
#include "runtime/extensions/seccomp_proxy_send_notify_fd.h"
#include "runtime/kernel/socket.h"

namespace lxcspec::runtime {
namespace {

constexpr std::string_view kPrefix = "unix:";
// How long until a proxy with too many connections to accept is tried again.
constexpr std::chrono::milliseconds kRest(5);

bool IsAbstract(const std::string& proxy) { return proxy.starts_with("unix:@"); }

// Whether a proxy went away with what it was sent, before it could have read it.
bool IsUnread(int code) { return code == ECONNRESET || code == EPIPE || code == ENOTCONN; }

}  // namespace

Result<std::unique_ptr<SeccompRelay>> SeccompRelay::Create(
    EventLoop& loop, RelaySettings settings, std::function<void(const Error&)> on_error) {
  auto reader = CallReader::Create();
  if (!reader) return Forward(std::move(reader).error());
  return std::unique_ptr<SeccompRelay>(
      new SeccompRelay(loop, std::move(settings), *std::move(reader), std::move(on_error)));
}

SeccompRelay::SeccompRelay(EventLoop& loop, RelaySettings settings, CallReader reader,
                           std::function<void(const Error&)> on_error)
    : loop_(&loop),
      settings_(std::move(settings)),
      monitor_(getpid()),
      reader_(std::move(reader)),
      on_error_(std::move(on_error)),
      // One byte more than an answer has shows that a longer one is none.
      answer_(ProxyMessageSize(reader_.sizes()) + 1) {}

SeccompRelay::~SeccompRelay() {
  for (const auto& [key, call] : calls_) {
    loop_->Cancel(call.deadline);
    if (call.again) loop_->Cancel(*call.again);
  }
  for (const auto& [fd, connection] : connections_) loop_->Remove(fd);
  for (const auto& [fd, listener] : listeners_) loop_->Remove(fd);
}

Status SeccompRelay::Watch(UniqueFd listener, pid_t init) {
  // No call has the number 0 but by the rarest chance, and a listener says so.
  if (!IsCallWaiting(listener, 0) && errno != ENOENT) {
    return Failure(EINVAL, "a descriptor that is no seccomp listener");
  }
  WakeSynchronously(listener);
  const int fd = listener.get();
  auto held = std::make_shared<Listener>(Listener{.fd = std::move(listener), .init = init});
  TRY(loop_->Add(fd, is_full_ ? 0 : uint32_t{EPOLLIN},
                 [this, held](uint32_t events) { OnListener(held, events); }));
  listeners_.emplace(fd, std::move(held));
  return {};
}

void SeccompRelay::OnListener(const std::shared_ptr<Listener>& listener, uint32_t events) {
  if ((events & EPOLLIN) != 0 && !is_full_) return Take(listener);
  if (HasLastCallerGone(events)) Forget(listener->fd.get());
}

void SeccompRelay::Forget(int listener) {
  loop_->Remove(listener);
  // Calls of its that are on their way hold it open until they are answered in vain.
  listeners_.erase(listener);
}

void SeccompRelay::SetInterest() {
  const bool is_full = calls_.size() >= settings_.most_calls;
  if (is_full == is_full_) return;
  is_full_ = is_full;
  for (const auto& [fd, listener] : listeners_) {
    static_cast<void>(loop_->Change(fd, is_full ? 0 : uint32_t{EPOLLIN}));
  }
}

void SeccompRelay::Take(const std::shared_ptr<Listener>& listener) {
  const auto next = reader_.Next(listener->fd);
  if (!next) return Complain(next.error());
  if (*next == nullptr) return;
  const seccomp_notif& call = **next;
  const uint64_t key = ++calls_taken_;
  const auto deadline = loop_->After(settings_.patience, [this, key] {
    GiveUp(key, {.code = ETIMEDOUT, .attempted = "the seccomp proxy's answer"});
  });
  calls_.emplace(key, Call{.listener = listener,
                           .id = call.id,
                           .caller = static_cast<pid_t>(call.pid),
                           .message = ProxyRequest({.monitor = monitor_,
                                                    .init = listener->init,
                                                    .sizes = reader_.sizes(),
                                                    .call = &call,
                                                    .cookie = settings_.cookie}),
                           .deadline = deadline,
                           .again = std::nullopt});
  SetInterest();
  SendCall(key);
}

Result<SeccompRelay::CallersFiles> SeccompRelay::OpenFilesOf(pid_t caller) {
  if (caller <= 0) return Failure(ESRCH, "a caller outside the monitor's pid namespace");
  const auto memory_of = [](const UniqueFd& process) {
    return UniqueFd(openat(process.get(), "mem", O_RDWR | O_CLOEXEC));
  };
  if (caller == last_caller_) {
    // It fails where this one has ended, and so has its number: then that is another one's by now.
    UniqueFd memory = memory_of(last_process_);
    if (memory.valid()) return CallersFiles{.process = &last_process_, .memory = std::move(memory)};
  }
  const std::string path = fmt::format("/proc/{}", caller);
  UniqueFd process(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!process.valid()) return ErrnoFailure(fmt::format("open({})", path));
  UniqueFd memory = memory_of(process);
  if (!memory.valid()) return ErrnoFailure(fmt::format("open({}/mem)", path));
  last_caller_ = caller;
  last_process_ = std::move(process);
  return CallersFiles{.process = &last_process_, .memory = std::move(memory)};
}

void SeccompRelay::SendCall(uint64_t key) {
  const auto found = calls_.find(key);
  if (found == calls_.end()) return;
  Call& call = found->second;
  call.again.reset();
  const auto files = OpenFilesOf(call.caller);
  if (!files) return GiveUp(key, files.error());
  // These are the caller's files only if it still waits.
  if (!IsCallWaiting(call.listener->fd, call.id)) {
    return GiveUp(key, {.code = ENOENT, .attempted = "a call whose caller has gone"});
  }
  // Connections that the proxy has closed meanwhile are used up one after the other.
  while (true) {
    const bool is_new = free_.empty();
    const auto fd = FreeConnection();
    if (!fd && fd.error().code == EAGAIN) {
      call.again = loop_->After(kRest, [this, key] { SendCall(key); });
      return;
    }
    if (!fd) return GiveUp(key, fd.error());
    Connection& connection = connections_.at(*fd);
    const Status sent = SendOver(connection, call, *files);
    if (sent) {
      connection.call = key;
      call.connection = *fd;
      return;
    }
    Drop(*fd);
    if (is_new || !IsUnread(sent.error().code)) return GiveUp(key, sent.error());
  }
}

Result<int> SeccompRelay::FreeConnection() {
  if (free_.empty()) return Connect();
  const int fd = free_.back();
  free_.pop_back();
  return fd;
}

Result<int> SeccompRelay::Connect() {
  // lxc.seccomp.notify.proxy has been through its codec.
  std::string_view name(settings_.proxy);
  name.remove_prefix(kPrefix.size());
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  name.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const bool is_abstract = IsAbstract(settings_.proxy);
  if (is_abstract) address.sun_path[0] = '\0';
  const size_t length = offsetof(sockaddr_un, sun_path) + name.size() + (is_abstract ? 0 : 1);
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return ErrnoFailure("socket(AF_UNIX)");
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address),
              static_cast<socklen_t>(length)) != 0) {
    return ErrnoFailure(fmt::format("connect({})", settings_.proxy));
  }
  if (is_abstract) {
    // Anybody on the machine may listen there; a file's folder says who may.
    const auto peer = PeerOf(socket);
    if (!peer) return Forward(peer.error());
    if (peer->uid != 0 && peer->uid != geteuid()) {
      return Failure(EPERM, fmt::format("{} is user {}'s", settings_.proxy, peer->uid));
    }
  }
  const int fd = socket.get();
  TRY(loop_->Add(fd, EPOLLIN, [this, fd](uint32_t) { OnConnection(fd); }));
  connections_.emplace(fd, Connection{.fd = std::move(socket)});
  return fd;
}

Status SeccompRelay::SendOver(const Connection& connection, const Call& call,
                              const CallersFiles& files) const {
  const auto fds =
      ProxyDescriptors(*files.process, files.memory, call.listener->fd, settings_.sends_listener);
  const auto sent = Send(connection.fd, call.message, fds);
  if (!sent) return Forward(sent.error());
  return {};
}

void SeccompRelay::OnConnection(int fd) {
  const uint64_t key = connections_.at(fd).call;
  ssize_t count = -1;
  do {
    count = recv(fd, answer_.data(), answer_.size(), MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  const int code = errno;
  if (count < 0 && code == EAGAIN) return;
  if (key == 0) {
    // Closed, or an answer to nothing, which could later be taken for one to something.
    return Drop(fd);
  }
  if (count > 0) return OnAnswer(key, std::string_view(answer_.data(), static_cast<size_t>(count)));
  Drop(fd);
  Call& call = calls_.at(key);
  call.connection = -1;
  const bool is_unread = count < 0 && IsUnread(code);
  if (is_unread && !call.was_sent_again) {
    // A proxy that was restarted.
    call.was_sent_again = true;
    return SendCall(key);
  }
  GiveUp(key, {.code = count < 0 ? code : ECONNRESET, .attempted = "the seccomp proxy's answer"});
}

void SeccompRelay::OnAnswer(uint64_t key, std::string_view bytes) {
  Call& call = calls_.at(key);
  const auto response = ResponseIn(bytes, reader_.sizes());
  const auto answer = response ? CheckedAnswer(*response, call.id) : std::nullopt;
  uint64_t answered = call.id;
  if (response)
    memcpy(&answered, response->data() + offsetof(seccomp_notif_resp, id), sizeof(answered));
  if (answered == call.id) {
    // The answer was to this call, good or not: the next can follow.
    connections_.at(call.connection).call = 0;
    free_.push_back(call.connection);
  } else {
    Drop(call.connection);
  }
  call.connection = -1;
  if (answer) {
    has_complained_ = false;
    return Answer(key, *answer);
  }
  GiveUp(key, {.code = EBADMSG, .attempted = "the seccomp proxy's answer"});
}

void SeccompRelay::Drop(int connection) {
  loop_->Remove(connection);
  std::erase(free_, connection);
  connections_.erase(connection);
}

void SeccompRelay::Answer(uint64_t key, const seccomp_notif_resp& answer) {
  const auto found = calls_.find(key);
  if (found == calls_.end()) return;
  const Call call = std::move(found->second);
  calls_.erase(found);
  loop_->Cancel(call.deadline);
  if (call.again) loop_->Cancel(*call.again);
  // What it carried may be answered late, and taken for the answer to another call.
  if (call.connection >= 0) Drop(call.connection);
  Status answered = AnswerCall(call.listener->fd, answer, reader_.sizes());
  const bool is_gone = !answered && answered.error().code == ENOENT;
  if (!answered && !is_gone) {
    Complain(answered.error());
    answered = AnswerCall(call.listener->fd, UnansweredCall(call.id), reader_.sizes());
  }
  SetInterest();
}

void SeccompRelay::GiveUp(uint64_t key, const Error& error) {
  const auto found = calls_.find(key);
  if (found == calls_.end()) return;
  // A caller that has gone is nobody's mistake.
  if (IsCallWaiting(found->second.listener->fd, found->second.id)) Complain(error);
  Answer(key, UnansweredCall(found->second.id));
}

void SeccompRelay::Complain(const Error& error) {
  // A container can make as many calls as it likes; the log is the host's.
  if (!std::exchange(has_complained_, true)) on_error_(error);
}

}  // namespace lxcspec::runtime
