// SPDX-License-Identifier: Apache-2.0
//
// Both sides of calls that wait: processes that make one after the other, bare or in a container,
// and who answers them, by the listener or as a proxy.

#ifndef LXCSPEC_BENCH_SECCOMP_SUPERVISION_H_
#define LXCSPEC_BENCH_SECCOMP_SUPERVISION_H_

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"
#include "conformance/testee/testee.h"

namespace lxcspec {

// Sends these bytes, and up to four descriptors with them, in one message.
Status SendMessage(int socket, std::span<char> bytes, std::span<const int> fds);

// Answers one call after the other.
class Supervisor {
 public:
  virtual ~Supervisor() = default;
  // Waits for the next call, and answers it after this time.
  virtual Status AnswerOne(std::chrono::milliseconds after) = 0;
};

// Who has the listener: receives and sends, and nothing else.
class ListenerSupervisor : public Supervisor {
 public:
  explicit ListenerSupervisor(UniqueFd listener);
  Status AnswerOne(std::chrono::milliseconds after) override;

  // The supervisor's, and open as long.
  int listener() const { return listener_.get(); }

  // Lets the kernel wake caller and supervisor directly, where it can.
  void WakeSynchronously() const;

 private:
  UniqueFd listener_;
  std::vector<uint64_t> call_;
  std::vector<uint64_t> answer_;
};

// A proxy at a path: lxc.seccomp.notify.proxy.
class ProxySupervisor : public Supervisor {
 public:
  static Result<std::unique_ptr<ProxySupervisor>> Listen(const std::string& path);
  Status AnswerOne(std::chrono::milliseconds after) override;

 private:
  explicit ProxySupervisor(UniqueFd listener) : listener_(std::move(listener)) {}

  // Waits until there is a message, and answers it. False where there was none after all.
  Result<bool> ServeReady(std::chrono::milliseconds after);
  Result<bool> Serve(int connection, std::chrono::milliseconds after);

  UniqueFd listener_;
  std::vector<UniqueFd> connections_;
};

// Processes that make calls without end, and the one that forwards them, if any.
struct Callers {
  std::vector<pid_t> processes;
  pid_t monitor = -1;
  std::unique_ptr<Container> container;
  std::unique_ptr<Supervisor> supervisor;

  Callers() = default;
  Callers(Callers&&) = default;
  Callers& operator=(Callers&&) = delete;
  // Ends them.
  ~Callers();

  // Keeps all of them, and this process, on one processor, or lets them go where they like.
  Status Place(bool on_one_processor) const;
  // What the monitor and the calling thread have used of a processor until now.
  std::chrono::nanoseconds ProcessorTime() const;
};

// No container, only a filter: the floor.
Result<Callers> StartBareCallers(int count);

struct ContainerPlace {
  std::string probe;
  // Emptied by its owner; one for each container.
  std::filesystem::path folder;
};

// In a container of the implementation. With a proxy this process is it, and else it has asked for
// the listener.
Result<Callers> StartContainedCallers(Testee& testee, const ContainerPlace& place, int count,
                                      bool with_proxy);

}  // namespace lxcspec

#endif  // LXCSPEC_BENCH_SECCOMP_SUPERVISION_H_
