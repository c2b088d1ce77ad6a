// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/netlink/socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "runtime/kernel/namespaces.h"
#include "runtime/kernel/path.h"
#include "runtime/kernel/socket.h"

namespace lxcspec::runtime {
namespace {

// The kernel never makes a dump's part longer than 32 KiB.
constexpr size_t kLongestMessage = size_t{64} * 1024;
// A list that changed while it was read is read again.
constexpr int kTries = 16;

// One datagram of the kernel's. Others that may send here are not listened to.
Result<std::string_view> ReceiveFromKernel(const UniqueFd& fd, std::vector<char>& buffer) {
  while (true) {
    sockaddr_nl sender = {};
    socklen_t length = sizeof sender;
    const ssize_t count = recvfrom(fd.get(), buffer.data(), buffer.size(), MSG_TRUNC,
                                   reinterpret_cast<sockaddr*>(&sender), &length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoFailure("receive from the routing netlink");
    if (sender.nl_pid != 0) continue;
    if (static_cast<size_t>(count) > buffer.size()) {
      return Failure(EMSGSIZE, "receive from the routing netlink");
    }
    return std::string_view(buffer.data(), static_cast<size_t>(count));
  }
}

Error Explained(const std::string& attempted, const NetlinkOutcome& outcome) {
  if (outcome.explanation.empty()) return {.code = outcome.code, .attempted = attempted};
  return {.code = outcome.code,
          .attempted = fmt::format("{} ({})", attempted, outcome.explanation)};
}

}  // namespace

Result<NetlinkSocket> NetlinkSocket::Open() {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd.valid()) return ErrnoFailure("socket(NETLINK_ROUTE)");
  // Reasons in words, and without the request that they are about: both are only a help.
  const int on = 1;
  setsockopt(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  return NetlinkSocket(std::move(fd));
}

void NetlinkSocket::SendFromInside(const UniqueFd& caller, const Status& entered) {
  auto opened = entered ? Open() : Result<NetlinkSocket>(Forward(entered.error()));
  const int code = opened ? 0 : opened.error().code;
  const std::string_view word(reinterpret_cast<const char*>(&code), sizeof code);
  const std::array<int, 1> fds = {opened ? opened->fd_.get() : -1};
  const auto sent =
      SendAll(caller, word, opened ? std::span<const int>(fds) : std::span<const int>());
  _exit(sent ? EXIT_SUCCESS : EXIT_FAILURE);
}

Result<NetlinkSocket> NetlinkSocket::OpenOf(const UniqueFd& pidfd, pid_t process) {
  const auto network = ProcessNamespaces::Open(pidfd, process, CLONE_NEWNET);
  if (!network) return Forward(network.error());
  const auto with_user = ProcessNamespaces::Open(pidfd, process, CLONE_NEWNET | CLONE_NEWUSER);
  if (!with_user) return Forward(with_user.error());
  auto sockets = SocketPair();
  if (!sockets) return Forward(std::move(sockets).error());
  const pid_t child = fork();
  if (child < 0) return ErrnoFailure("fork()");
  if (child == 0) {
    // Nobody in the container may look into a process that still holds the host's descriptors.
    prctl(PR_SET_DUMPABLE, 0);
    // Who has rights on the host keeps them, because a device moves back by them.
    Status entered = network->Enter();
    if (!entered && entered.error().code == EPERM) entered = with_user->Enter();
    SendFromInside(sockets->second, entered);
  }
  sockets->second = UniqueFd();
  std::array<char, sizeof(int)> word{};
  std::vector<UniqueFd> fds;
  const auto count = Receive(sockets->first, word, fds);
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!count) return Forward(count.error());
  int code = ECHILD;
  if (*count == word.size()) memcpy(&code, word.data(), sizeof code);
  if (code == 0 && fds.size() != 1) code = EBADMSG;
  if (code != 0) return Failure(code, "enter the container's network namespace");
  return NetlinkSocket(std::move(fds[0]));
}

Result<NetlinkSocket> NetlinkSocket::OpenByVisit(const UniqueFd& pidfd, pid_t process) {
  const auto network = ProcessNamespaces::Open(pidfd, process, CLONE_NEWNET);
  if (!network) return Forward(network.error());
  const auto home = runtime::Open("/proc/self/ns/net", O_RDONLY);
  if (!home || !network->Enter()) return OpenOf(pidfd, process);
  auto opened = Open();
  // Whoever may leave may come back.
  if (setns(home->get(), CLONE_NEWNET) != 0) return ErrnoFailure("setns() back to the own network");
  return opened;
}

Status NetlinkSocket::Do(const NetlinkRequest& request, const std::string& attempted) {
  const uint32_t sequence = ++sequence_;
  const auto message = request.Finish(sequence);
  if (!message) return Forward(message.error());
  return Exchange(*message, sequence, attempted, [](uint16_t, std::string_view) {});
}

Status NetlinkSocket::Dump(const NetlinkRequest& request, const std::string& attempted,
                           const std::function<void(uint16_t, std::string_view)>& entry) {
  Status done;
  for (int tries = 0; tries < kTries; ++tries) {
    std::vector<std::pair<uint16_t, std::string>> entries;
    const uint32_t sequence = ++sequence_;
    const auto message = request.Finish(sequence);
    if (!message) return Forward(message.error());
    done = Exchange(*message, sequence, attempted, [&](uint16_t type, std::string_view body) {
      entries.emplace_back(type, body);
    });
    if (!done && done.error().code == EAGAIN) continue;
    TRY(done);
    for (const auto& [type, body] : entries) entry(type, body);
    return {};
  }
  return done;
}

Status NetlinkSocket::Exchange(const std::string& message, uint32_t sequence,
                               const std::string& attempted,
                               const std::function<void(uint16_t, std::string_view)>& entry) {
  sockaddr_nl kernel = {};
  kernel.nl_family = AF_NETLINK;
  if (sendto(fd_.get(), message.data(), message.size(), 0, reinterpret_cast<sockaddr*>(&kernel),
             sizeof kernel) < 0) {
    return ErrnoFailure(fmt::format("{}: send to the routing netlink", attempted));
  }
  bool changed = false;
  std::optional<NetlinkOutcome> outcome;
  std::vector<char> buffer(kLongestMessage);
  while (!outcome) {
    const auto received = ReceiveFromKernel(fd_, buffer);
    if (!received) return Forward(received.error());
    TRY(ForEachMessage(*received, [&](const NetlinkMessage& part) {
      if (part.sequence != sequence || outcome) return;
      changed = changed || (part.flags & NLM_F_DUMP_INTR) != 0;
      if (part.type == NLMSG_ERROR || part.type == NLMSG_DONE)
        outcome = ParseOutcome(part);
      else
        entry(part.type, part.body);
    }));
  }
  if (outcome->code != 0) return Forward(Explained(attempted, *outcome));
  if (changed) return Failure(EAGAIN, "the list changed while it was read");
  return {};
}

}  // namespace lxcspec::runtime
