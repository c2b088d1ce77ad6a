// SPDX-License-Identifier: Apache-2.0
//
// The suite, loaded once. Each test still has a process of its own in a sandbox of its own, but
// that is forked off the loaded suite, which has run nothing and loaded no testee, instead of being
// executed anew: on an emulated machine most of a short test's time was the start of the suite.
//
//   launcher ── name of a test, its descriptors ──▸ fork server (suite --lxcspec_fork_server=N)
//   launcher ◂── pid and pidfd of its stub ───────      │ clone3(CLONE_PARENT | namespaces)
//      └──────────────── parent of ───────────────▸ stub ─ fork ─▸ the test

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_FORK_SERVER_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_FORK_SERVER_H_

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "conformance/launcher/stub.h"

namespace lxcspec::launcher {

// The launcher's end. The server ends with it.
class ForkServer {
 public:
  // Gives the suite's command line, with the descriptor on which to serve.
  using Command = std::function<std::vector<std::string>(int socket)>;

  // Executes the suite. `patience`: how long it may take to answer.
  static Result<ForkServer> Start(const Command& command,
                                  const std::vector<std::string>& environment,
                                  const Sandbox& sandbox, std::chrono::milliseconds patience);

  ForkServer(ForkServer&& other) noexcept;
  ForkServer& operator=(ForkServer&&) = delete;
  ~ForkServer();

  // The stub of that test, a child of the calling process. After a failure no further one can be
  // had of this server.
  Result<Stub> Fork(const std::string& test, const StubTask& task);

 private:
  ForkServer(pid_t pid, UniqueFd socket) : pid_(pid), socket_(std::move(socket)) {}

  pid_t pid_ = -1;
  UniqueFd socket_;
};

// The suite's end: serves until the launcher hangs up. `run` is called in the process of each test
// with its name, and gives its exit status. Returns what ended the service but for that.
Status ServeForks(int socket, const std::function<int(const std::string& test)>& run);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_FORK_SERVER_H_
