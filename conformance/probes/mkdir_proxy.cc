// SPDX-License-Identifier: Apache-2.0

#include "conformance/probes/mkdir_proxy.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace lxcspec::probe {
namespace {

// What stands before the kernel's structs, in the machine's own byte order.
struct Head {
  uint64_t reserved;
  int32_t monitor;
  int32_t init;
  seccomp_notif_sizes sizes;
  uint16_t padding;
  uint64_t cookie_length;
};
static_assert(sizeof(Head) == 32);

// The descriptors that come with a message, in their order.
enum { kProcess, kMemory, kListener, kDescriptors };

struct Request {
  std::string bytes;
  std::array<int, kDescriptors> fds = {-1, -1, -1};

  Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;
  ~Request() {
    for (const int fd : fds) {
      if (fd >= 0) close(fd);
    }
  }
};

// One message. False at the connection's end.
bool Receive(int connection, Request& request) {
  constexpr size_t kLongest = 65536;
  request.bytes.resize(kLongest);
  iovec data{.iov_base = request.bytes.data(), .iov_len = request.bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(request.fds))];
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  const ssize_t got = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
  if (got <= 0) return false;
  request.bytes.resize(static_cast<size_t>(got));
  const cmsghdr* const part = CMSG_FIRSTHDR(&message);
  if (part != nullptr && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS) {
    memcpy(request.fds.data(), CMSG_DATA(part),
           std::min<size_t>(part->cmsg_len - CMSG_LEN(0), sizeof(request.fds)));
  }
  return true;
}

// A field of the caller's /proc/PID/status whose value is the last number on its line.
unsigned StatusField(int process, const char* name, int base) {
  char text[4096] = {};
  const int fd = openat(process, "status", O_RDONLY | O_CLOEXEC);
  const ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
  if (fd >= 0) close(fd);
  const char* const line = got < 0 ? nullptr : strstr(text, name);
  if (line == nullptr) return UINT_MAX;
  const std::string value(line, strcspn(line, "\n"));
  return static_cast<unsigned>(
      strtoul(value.c_str() + value.find_last_of('\t') + 1, nullptr, base));
}

// What mkdir(2) would do with this path in the caller's root, as the user that the caller is.
int MakeFolder(int process, const std::string& path, mode_t mode) {
  // From a relative one ".." could lead out of the root.
  if (path[0] != '/') return -EOPNOTSUPP;
  const unsigned user = StatusField(process, "\nUid:", 10);
  const unsigned group = StatusField(process, "\nGid:", 10);
  const unsigned umask = StatusField(process, "\nUmask:", 8);
  const int root = openat(process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0 || user == UINT_MAX || group == UINT_MAX || umask == UINT_MAX) return -ESRCH;
  const size_t slash = path.find_last_of('/');
  // Neither a link nor ".." in it leads out of the root.
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  setfsgid(group);
  setfsuid(user);
  const long parent =
      syscall(SYS_openat2, root, path.substr(0, slash + 1).c_str(), &how, sizeof(how));
  int result = parent < 0 ? -errno : 0;
  if (parent >= 0) {
    const std::string name = path.substr(slash + 1);
    const mode_t wanted = mode & 07777 & ~static_cast<mode_t>(umask);
    if (mkdirat(static_cast<int>(parent), name.c_str(), wanted) != 0) result = -errno;
    close(static_cast<int>(parent));
  }
  setfsuid(0);
  setfsgid(0);
  close(root);
  return result;
}

// What becomes of the call: a negated errno, or 0.
int Decide(const Request& request, const seccomp_notif& call) {
  // 1. Only what it is made for. It never answers that a call shall continue: the kernel would then
  // read the path again, which may be another one by that time.
  if (call.data.arch != AUDIT_ARCH_X86_64 || call.data.nr != SYS_mkdir) return -ENOSYS;
  // 2. A copy of the path, which nobody can change.
  std::array<char, PATH_MAX> path{};
  const ssize_t got =
      pread(request.fds[kMemory], path.data(), path.size(), static_cast<off_t>(call.data.args[0]));
  if (got < 0) return -EFAULT;
  if (memchr(path.data(), '\0', static_cast<size_t>(got)) == nullptr) return -ENAMETOOLONG;
  // 3. Whether the caller has waited all the time: what was read was its memory then, and not that
  // of another process that has got its number.
  uint64_t id = call.id;
  if (ioctl(request.fds[kListener], SECCOMP_IOCTL_NOTIF_ID_VALID, &id) != 0) return -ESRCH;
  // 4. The deed itself, with the copy.
  return MakeFolder(request.fds[kProcess], path.data(), static_cast<mode_t>(call.data.args[1]));
}

// Answers one message. False where the connection is of no more use.
bool Serve(int connection) {
  Request request;
  if (!Receive(connection, request)) return false;
  Head head{};
  if (request.bytes.size() < sizeof(head)) return false;
  memcpy(&head, request.bytes.data(), sizeof(head));
  // A newer kernel's structs are longer, and begin with the known ones.
  const size_t answer_at = sizeof(head) + head.sizes.seccomp_notif;
  const size_t end = answer_at + head.sizes.seccomp_notif_resp;
  seccomp_notif call{};
  seccomp_notif_resp answer{};
  if (head.reserved != 0 || head.sizes.seccomp_notif < sizeof(call) ||
      head.sizes.seccomp_notif_resp < sizeof(answer) ||
      request.bytes.size() != end + head.cookie_length || request.fds[kListener] < 0) {
    return false;
  }
  memcpy(&call, request.bytes.data() + sizeof(head), sizeof(call));
  answer.id = call.id;
  answer.error = Decide(request, call);
  memcpy(request.bytes.data() + answer_at, &answer, sizeof(answer));
  // The message without its cookie is the answer.
  return send(connection, request.bytes.data(), end, MSG_NOSIGNAL) == static_cast<ssize_t>(end);
}

}  // namespace

Answer RunMkdirProxy(const std::vector<std::string>& arguments) {
  const std::string& path = arguments[0];
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return {.error = ENAMETOOLONG, .text = path};
  memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  unlink(path.c_str());
  // Whoever can connect can send descriptors and what they please: only this user may.
  const mode_t before = umask(0077);
  const bool is_bound =
      listener >= 0 &&
      bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
      listen(listener, SOMAXCONN) == 0;
  umask(before);
  if (!is_bound) return {.error = errno, .text = "listen at " + path};

  // A monitor may connect as often as it likes; each connection has one call at a time.
  std::vector<pollfd> watched = {{.fd = listener, .events = POLLIN, .revents = 0}};
  while (true) {
    if (poll(watched.data(), watched.size(), -1) < 0) {
      // What was ready is not known then, and nothing may be waited for but all of them.
      if (errno == EINTR) continue;
      break;
    }
    for (size_t i = watched.size(); i-- > 1;) {
      if (watched[i].revents == 0 || Serve(watched[i].fd)) continue;
      close(watched[i].fd);
      watched.erase(watched.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (watched[0].revents == 0) continue;
    const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection >= 0) watched.push_back({.fd = connection, .events = POLLIN, .revents = 0});
  }
  return {.error = errno, .text = "poll"};
}

}  // namespace lxcspec::probe
