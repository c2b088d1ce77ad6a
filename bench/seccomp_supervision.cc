// SPDX-License-Identifier: Apache-2.0

#include "bench/seccomp_supervision.h"

#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

namespace lxcspec {
namespace {

namespace fs = std::filesystem;

// SECCOMP_IOCTL_NOTIF_SET_FLAGS and SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, which older headers lack.
constexpr unsigned long kSetFlags = SECCOMP_IOW(4, uint64_t);
constexpr uint64_t kSyncWakeUp = 1;

// What stands before the kernel's structs in a proxy's message.
constexpr size_t kHead = 32;
constexpr size_t kCookieLength = 24;

constexpr size_t kMostDescriptors = 4;

constexpr int kStopSeconds = 20;
constexpr int64_t kAnswer = 1;

// Waits as a proxy that thinks.
void Think(std::chrono::milliseconds time) {
  if (time.count() == 0) return;
  poll(nullptr, 0, static_cast<int>(time.count()));
}

const seccomp_notif_sizes& Sizes() {
  static const seccomp_notif_sizes kSizes = [] {
    seccomp_notif_sizes sizes{};
    syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes);
    return sizes;
  }();
  return kSizes;
}

Result<UniqueFd> LoadFilter() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_getppid, 0, 1),
      BPF_STMT(BPF_RET, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = 4, .filter = filter};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const long listener =
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  if (listener < 0) return FailErrno("seccomp(SECCOMP_SET_MODE_FILTER)");
  return UniqueFd(static_cast<int>(listener));
}

// A message and the descriptors that came with it.
struct Message {
  std::array<char, 4096> bytes;
  ssize_t size = 0;
  std::vector<UniqueFd> fds;
};

void ReceiveMessage(int socket, Message& message) {
  iovec data{.iov_base = message.bytes.data(), .iov_len = message.bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(kMostDescriptors * sizeof(int))];
  msghdr head{};
  head.msg_iov = &data;
  head.msg_iovlen = 1;
  head.msg_control = control;
  head.msg_controllen = sizeof(control);
  message.size = recvmsg(socket, &head, MSG_CMSG_CLOEXEC);
  const cmsghdr* const part = message.size > 0 ? CMSG_FIRSTHDR(&head) : nullptr;
  if (part == nullptr || part->cmsg_type != SCM_RIGHTS) return;
  for (size_t at = 0; at + sizeof(int) <= part->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
    int fd = -1;
    memcpy(&fd, CMSG_DATA(part) + at, sizeof(fd));
    message.fds.emplace_back(fd);
  }
}

void AddDescendants(pid_t process, std::vector<pid_t>& processes) {
  processes.push_back(process);
  std::ifstream file(fmt::format("/proc/{0}/task/{0}/children", process));
  for (pid_t child = 0; file >> child;) AddDescendants(child, processes);
}

pid_t ParentOf(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/status", process));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("PPid:\t")) return std::stoi(line.substr(6));
  }
  return -1;
}

std::chrono::nanoseconds Read(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

Status SendMessage(int socket, std::span<char> bytes, std::span<const int> fds) {
  iovec data{.iov_base = bytes.data(), .iov_len = bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(kMostDescriptors * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(fds.size_bytes());
  cmsghdr* const part = CMSG_FIRSTHDR(&message);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(fds.size_bytes());
  memcpy(CMSG_DATA(part), fds.data(), fds.size_bytes());
  const ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  if (sent == static_cast<ssize_t>(bytes.size())) return {};
  return FailErrno("sendmsg");
}

ListenerSupervisor::ListenerSupervisor(UniqueFd listener)
    : listener_(std::move(listener)),
      call_(Sizes().seccomp_notif / sizeof(uint64_t) + 1),
      answer_(Sizes().seccomp_notif_resp / sizeof(uint64_t) + 1) {}

void ListenerSupervisor::WakeSynchronously() const {
  ioctl(listener_.get(), kSetFlags, kSyncWakeUp);
}

Status ListenerSupervisor::AnswerOne(std::chrono::milliseconds after) {
  while (true) {
    std::fill(call_.begin(), call_.end(), 0);
    if (ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, call_.data()) == 0) break;
    if (errno != EINTR && errno != ENOENT) return FailErrno("ioctl(SECCOMP_IOCTL_NOTIF_RECV)");
  }
  Think(after);
  seccomp_notif_resp answer{};
  answer.id = call_[0];
  answer.val = kAnswer;
  memcpy(answer_.data(), &answer, sizeof(answer));
  if (ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, answer_.data()) == 0) return {};
  return FailErrno("ioctl(SECCOMP_IOCTL_NOTIF_SEND)");
}

Result<std::unique_ptr<ProxySupervisor>> ProxySupervisor::Listen(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof(address.sun_path)) return Fail(ENAMETOOLONG, path);
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  UniqueFd listener(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!listener ||
      bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener.get(), SOMAXCONN) != 0) {
    return FailErrno("listen(" + path + ")");
  }
  return std::unique_ptr<ProxySupervisor>(new ProxySupervisor(std::move(listener)));
}

Status ProxySupervisor::AnswerOne(std::chrono::milliseconds after) {
  while (true) {
    ASSIGN_OR_RETURN(const bool is_served, ServeReady(after));
    if (is_served) return {};
  }
}

Result<bool> ProxySupervisor::ServeReady(std::chrono::milliseconds after) {
  std::vector<pollfd> entries;
  for (const UniqueFd& connection : connections_) entries.push_back({connection.get(), POLLIN, 0});
  entries.push_back({listener_.get(), POLLIN, 0});
  if (poll(entries.data(), entries.size(), -1) < 0) return FailErrno("poll");
  if (entries.back().revents != 0) {
    connections_.emplace_back(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    return false;
  }
  // Another one first the next time.
  for (size_t i = 0; i < connections_.size(); ++i) {
    if (entries[i].revents == 0) continue;
    ASSIGN_OR_RETURN(const bool is_served, Serve(connections_[i].get(), after));
    std::rotate(connections_.begin() + static_cast<std::ptrdiff_t>(i),
                connections_.begin() + static_cast<std::ptrdiff_t>(i) + 1, connections_.end());
    if (!is_served) connections_.pop_back();
    return is_served;
  }
  return false;
}

Result<bool> ProxySupervisor::Serve(int connection, std::chrono::milliseconds after) {
  Message message;
  ReceiveMessage(connection, message);
  if (message.size <= 0) return false;
  message.fds.clear();
  Think(after);
  uint64_t cookie = 0;
  memcpy(&cookie, message.bytes.data() + kCookieLength, sizeof(cookie));
  const size_t size = static_cast<size_t>(message.size) - cookie;
  const size_t answer_at = kHead + Sizes().seccomp_notif;
  if (size < answer_at + sizeof(seccomp_notif_resp)) return Fail(EBADMSG, "a proxy's message");
  seccomp_notif_resp answer{};
  memcpy(&answer.id, message.bytes.data() + kHead, sizeof(answer.id));
  answer.val = kAnswer;
  memcpy(message.bytes.data() + answer_at, &answer, sizeof(answer));
  // The other end may have given up.
  return send(connection, message.bytes.data(), size, MSG_NOSIGNAL) == static_cast<ssize_t>(size);
}

Callers::~Callers() {
  if (container != nullptr) {
    static_cast<void>(container->Stop());
    static_cast<void>(container->Wait("STOPPED", kStopSeconds));
    return;
  }
  for (const pid_t process : processes) kill(process, SIGKILL);
  for (const pid_t process : processes) waitpid(process, nullptr, 0);
}

Status Callers::Place(bool on_one_processor) const {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(0, &set);
  for (int i = 1; !on_one_processor && i < CPU_SETSIZE; ++i) CPU_SET(i, &set);
  std::vector<pid_t> all = {0};
  if (monitor > 0) all.push_back(monitor);
  for (const pid_t process : processes) AddDescendants(process, all);
  for (const pid_t process : all) {
    if (sched_setaffinity(process, sizeof(set), &set) != 0) return FailErrno("sched_setaffinity");
  }
  return {};
}

std::chrono::nanoseconds Callers::ProcessorTime() const {
  std::chrono::nanoseconds used = Read(CLOCK_THREAD_CPUTIME_ID);
  clockid_t clock = 0;
  if (monitor > 0 && clock_getcpuclockid(monitor, &clock) == 0) used += Read(clock);
  return used;
}

Result<Callers> StartBareCallers(int count) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
    return FailErrno("socketpair");
  }
  const UniqueFd here(sockets[0]);
  const UniqueFd there(sockets[1]);
  const pid_t first = fork();
  if (first < 0) return FailErrno("fork");
  if (first == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto listener = LoadFilter();
    const int fd = listener ? listener->get() : -1;
    char byte = 'l';
    if (fd < 0 || !SendMessage(there.get(), {&byte, 1}, {&fd, 1})) _exit(1);
    for (int i = 1; i < count; ++i) {
      if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        break;
      }
    }
    while (true) syscall(SYS_getppid);
  }
  Callers callers;
  callers.processes = {first};
  Message message;
  ReceiveMessage(here.get(), message);
  if (message.fds.empty()) return Fail(ENOSYS, "a filter with a listener");
  auto supervisor = std::make_unique<ListenerSupervisor>(std::move(message.fds[0]));
  supervisor->WakeSynchronously();
  callers.supervisor = std::move(supervisor);
  return callers;
}

Result<Callers> StartContainedCallers(Testee& testee, const ContainerPlace& place, int count,
                                      bool with_proxy) {
  const fs::path root = place.folder / "rootfs";
  for (const char* folder : {"dev", "proc", "sys", "run", "tmp", "etc"}) {
    fs::create_directories(root / folder);
  }
  fs::create_directories(place.folder / "lxc");
  fs::copy_file(place.probe, root / "probe", fs::copy_options::overwrite_existing);
  const fs::path policy = place.folder / "policy";
  std::ofstream(policy) << "2\ndenylist\ngetppid notify\n";

  Callers callers;
  ASSIGN_OR_RETURN(auto container, testee.NewContainer("c", (place.folder / "lxc").string()));
  std::vector<std::pair<std::string, std::string>> items = {
      {"lxc.rootfs.path", "dir:" + root.string()},
      {"lxc.init.cmd", fmt::format("/probe storm {} then pause", count)},
      {"lxc.uts.name", "c"},
      {"lxc.net.0.type", "empty"},
      {"lxc.apparmor.profile", "unconfined"},
      {"lxc.seccomp.profile", policy.string()},
  };
  if (with_proxy) {
    const std::string path = (place.folder / "proxy").string();
    ASSIGN_OR_RETURN(callers.supervisor, ProxySupervisor::Listen(path));
    items.emplace_back("lxc.seccomp.notify.proxy", "unix:" + path);
  }
  for (const auto& [key, value] : items) RETURN_IF_ERROR(container->SetConfigItem(key, value));
  RETURN_IF_ERROR(container->Start({}));
  callers.container = std::move(container);
  ASSIGN_OR_RETURN(const pid_t init, callers.container->InitPid());
  callers.processes = {init};
  callers.monitor = ParentOf(init);
  if (!with_proxy) {
    ASSIGN_OR_RETURN(UniqueFd listener, callers.container->SeccompNotifyFdActive());
    callers.supervisor = std::make_unique<ListenerSupervisor>(std::move(listener));
  }
  return callers;
}

}  // namespace lxcspec
