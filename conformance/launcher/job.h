// SPDX-License-Identifier: Apache-2.0
//
// One process of the suite in its sandbox, seen from the launcher: its pipes are drained, its
// deadline kept, its cgroups removed. Everything in it dies with its stub.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_JOB_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_JOB_H_

#include <poll.h>
#include <sys/types.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "conformance/launcher/outcome.h"
#include "conformance/launcher/stub.h"
#include "conformance/launcher/tail_buffer.h"
#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec::launcher {

struct JobLimits {
  // For the making of the sandbox, for the test, and again for the audit.
  std::chrono::milliseconds deadline{};
  // How long processes that the test left may take to end.
  std::chrono::milliseconds grace{};
};

// What happens within a job that asks (`--lxcspec_needs`, `--lxcspec_claims`) instead of testing.
enum class JobKind { kTest, kQuestion };

struct JobSpec {
  const Sandbox* sandbox = nullptr;
  // Makes the stub that does the job.
  std::function<Result<Stub>(const StubTask&)> make_stub;
  JobLimits limits;
  JobKind kind = JobKind::kTest;
  // Unique among the cgroups of this launcher.
  int number = 0;
  // The socket that hangs up when the launcher is gone.
  int lifeline = -1;
};

class Job {
 public:
  static Result<std::unique_ptr<Job>> Start(JobSpec spec);

  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  // Kills what still runs, and removes the cgroups.
  ~Job();

  // What to poll(2) for. Call OnPolled() with the same elements afterwards.
  static constexpr size_t kPollFds = 5;
  std::array<pollfd, kPollFds> PollFds() const;
  void OnPolled(const std::array<pollfd, kPollFds>& fds);

  // When to call OnDeadline().
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }
  void OnDeadline();

  // Nothing of the job runs any more, and facts() are final.
  bool done() const { return done_; }
  const ProcessFacts& facts() const { return facts_; }

 private:
  Job(JobSpec spec, TestCgroup cgroup);

  Status Launch();
  void Kill();
  void ReadReport();
  void OnStage(const std::string& line);
  void OnStage(const nlohmann::json& record);
  void Finish();

  JobSpec spec_;
  TestCgroup cgroup_;
  pid_t stub_ = -1;
  UniqueFd stub_fd_;
  UniqueFd output_;
  UniqueFd error_output_;
  UniqueFd result_;
  UniqueFd report_;
  TailBuffer printed_;
  std::string pending_report_;
  uint64_t reported_ = 0;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point deadline_;
  ProcessFacts facts_;
  bool done_ = false;
};

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_JOB_H_
