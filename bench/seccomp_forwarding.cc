// SPDX-License-Identifier: Apache-2.0

#include "bench/seccomp_forwarding.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

// What stands before the kernel's structs: spec/extensions/seccomp_proxy_send_notify_fd.md.
struct Head {
  uint64_t reserved = 0;
  pid_t monitor = 0;
  pid_t init = 0;
  seccomp_notif_sizes sizes{};
  uint64_t cookie_length = 0;
};
static_assert(sizeof(Head) == 32);

class Forwarder {
 public:
  Forwarder(int listener, int proxy) : listener_(listener), proxy_(proxy) {
    Head head;
    syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &head.sizes);
    head.monitor = getpid();
    message_.resize(sizeof(head) + head.sizes.seccomp_notif + head.sizes.seccomp_notif_resp);
    memcpy(message_.data(), &head, sizeof(head));
    answer_at_ = sizeof(head) + head.sizes.seccomp_notif;
  }

  bool ForwardOne() {
    std::fill(message_.begin() + sizeof(Head), message_.end(), 0);
    if (ioctl(listener_, SECCOMP_IOCTL_NOTIF_RECV, message_.data() + sizeof(Head)) != 0) {
      return errno == EINTR || errno == ENOENT;
    }
    seccomp_notif call;
    memcpy(&call, message_.data() + sizeof(Head), sizeof(call));
    if (const auto caller = static_cast<pid_t>(call.pid);
        std::exchange(caller_, caller) != caller) {
      folder_ = UniqueFd(open(fmt::format("/proc/{}", call.pid).c_str(), O_PATH | O_CLOEXEC));
    }
    const UniqueFd memory(openat(folder_.get(), "mem", O_RDWR | O_CLOEXEC));
    return ioctl(listener_, SECCOMP_IOCTL_NOTIF_ID_VALID, &call.id) == 0 && Send(memory.get()) &&
           recv(proxy_, message_.data(), message_.size(), 0) > 0 &&
           ioctl(listener_, SECCOMP_IOCTL_NOTIF_SEND, message_.data() + answer_at_) == 0;
  }

 private:
  bool Send(int memory) {
    const int fds[] = {folder_.get(), memory, listener_};
    return SendMessage(proxy_, message_, fds).has_value();
  }

  int listener_;
  int proxy_;
  pid_t caller_ = -1;
  UniqueFd folder_;
  std::vector<char> message_;
  size_t answer_at_ = 0;
};

[[noreturn]] void ForwardAll(int listener, const std::string& path) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const UniqueFd proxy(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (connect(proxy.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    Forwarder forwarder(listener, proxy.get());
    while (forwarder.ForwardOne()) {
    }
  }
  _exit(EXIT_FAILURE);
}

}  // namespace

Result<Callers> StartForwardedCaller(const std::string& path) {
  ASSIGN_OR_RETURN(auto proxy, ProxySupervisor::Listen(path));
  ASSIGN_OR_RETURN(auto callers, StartBareCallers(1));
  // The listener is the other process's alone.
  const std::unique_ptr<Supervisor> before = std::exchange(callers.supervisor, std::move(proxy));
  const pid_t forwarder = fork();
  if (forwarder < 0) return FailErrno("fork");
  if (forwarder == 0) {
    ForwardAll(static_cast<const ListenerSupervisor*>(before.get())->listener(), path);
  }
  callers.processes.push_back(forwarder);
  callers.monitor = forwarder;
  return callers;
}

}  // namespace lxcspec
