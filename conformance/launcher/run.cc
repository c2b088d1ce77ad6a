// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "conformance/launcher/execute.h"
#include "conformance/launcher/file_io.h"
#include "conformance/launcher/fork_server.h"
#include "conformance/launcher/job_pool.h"
#include "conformance/launcher/results_file.h"
#include "conformance/launcher/sha256.h"
#include "conformance/launcher/speed.h"
#include "conformance/launcher/suite.h"

namespace lxcspec::launcher {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

// Chosen for a machine of speed factor 1. A container starts in tens of milliseconds, so a test
// that takes this long waits for something that will not come.
constexpr milliseconds kDeadline(10000);
// A container's monitor ends shortly after the container; whatever is there after this was left
// behind.
constexpr milliseconds kGrace(2000);

milliseconds Scaled(milliseconds time, double speed) {
  return milliseconds(static_cast<int64_t>(static_cast<double>(time.count()) * speed));
}

// Signals that end the run, as a readable descriptor.
Result<UniqueFd> InterruptFd() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
  if (sigprocmask(SIG_BLOCK, &signals, nullptr) != 0) return FailErrno("sigprocmask()");
  UniqueFd fd(signalfd(-1, &signals, SFD_CLOEXEC));
  if (!fd) return FailErrno("signalfd()");
  return fd;
}

class Session {
 public:
  static Result<Session> Begin(const Options& options, char** environment) {
    ASSIGN_OR_RETURN(Parts parts, CheckParts(options));
    ASSIGN_OR_RETURN(ResultsFile results, ResultsFile::Open(options.results, options.resume));
    ASSIGN_OR_RETURN(UniqueFd interrupt, InterruptFd());
    int lifeline[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lifeline) != 0) {
      return FailErrno("socketpair()");
    }
    UniqueFd held(lifeline[1]);
    // The stub's descriptors must be out of the way of the test's.
    UniqueFd watched(fcntl(lifeline[0], F_DUPFD_CLOEXEC, 10));
    close(lifeline[0]);
    if (!watched) return FailErrno("fcntl(F_DUPFD_CLOEXEC)");

    ASSIGN_OR_RETURN(const std::vector<Mount> mounts, ReadMountInfo());
    std::vector<Mount> visible;
    for (const Mount& mount : mounts) {
      if (IsVisible(mount)) visible.push_back(mount);
    }
    double speed = options.speed.value_or(0);
    if (!options.speed) {
      ASSIGN_OR_RETURN(speed, MeasureSpeedFactor());
    }
    Session session(options, parts, std::move(results), speed);
    session.interrupt_ = std::move(interrupt);
    session.lifeline_held_ = std::move(held);
    session.lifeline_watched_ = std::move(watched);
    session.environment_ = SuiteEnvironment(environment);
    session.sandbox_.layout = FindCgroups(visible);
    session.sandbox_.visible = parts.visible;
    return session;
  }

  const CgroupLayout& layout() const { return sandbox_.layout; }

  // What failed last was asked for wrongly.
  bool usage_error() const { return usage_error_; }

  // Asks the suite all that is to be known before the tests, at the same time. What an earlier run
  // has found out is not asked again.
  Status AskAll() {
    JobPool pool(interrupt_.get());
    RETURN_IF_ERROR(Ask(pool, commands_.List(), answers_.tests));
    if (results_.past().run.is_null()) {
      RETURN_IF_ERROR(Ask(pool, commands_.Needs(), answers_.needs));
      RETURN_IF_ERROR(Ask(pool, commands_.Claims(), answers_.claims));
    }
    ASSIGN_OR_RETURN(answers_.testee_sum, Sha256OfFiles(parts_.testee_files));
    ASSIGN_OR_RETURN(answers_.suite_sum, Sha256OfFile(parts_.suite));
    while (pool.size() > 0) {
      if (!pool.Wait()) return Fail(EINTR, "stopped by a signal");
    }
    for (const ProcessFacts* facts : {&answers_.tests, &answers_.needs, &answers_.claims}) {
      if (facts->not_started) return Fail(0, "cannot start the suite: " + *facts->not_started);
    }
    return {};
  }

  // The tests to run, in order, without those that the results file has. Sets planned_.
  Result<std::vector<PlannedTest>> Plan() {
    const ProcessFacts& facts = answers_.tests;
    if (const auto failure = DescribeFailure(facts)) {
      return Fail(0, "cannot list the tests of the suite: it " + *failure);
    }
    ASSIGN_OR_RETURN(std::vector<std::string> tests, ParseTestList(facts.standard_output));
    if (!options_.tests_file.empty()) {
      usage_error_ = true;
      ASSIGN_OR_RETURN(const std::string wanted, ReadFile(options_.tests_file));
      ASSIGN_OR_RETURN(tests, Select(tests, ParseTestsFile(wanted)));
      if (tests.empty()) return Fail(0, options_.tests_file + " names no test");
      usage_error_ = false;
    }
    if (tests.empty()) return Fail(0, "the suite has no test");
    std::vector<PlannedTest> plan = MakePlan(tests, options_.plan);
    planned_ = plan.size();
    std::erase_if(plan, [&](const PlannedTest& t) { return results_.past().finished.contains(t); });
    executed_ = planned_ - plan.size();
    return plan;
  }

  // Writes what comes before the tests, or checks that the file to resume has it for the same
  // parts.
  Status WriteHead() {
    utsname machine{};
    uname(&machine);
    json run = {
        {"record", "run"},
        {"schema", 1},
        {"testee",
         {{"name", TesteeName()}, {"path", options_.testee}, {"sha256", answers_.testee_sum}}},
        {"suite", {{"sha256", answers_.suite_sum}}},
        {"machine",
         {{"kernel", machine.release},
          {"arch", machine.machine},
          {"cgroup", sandbox_.layout.Name()},
          {"speed", speed_}}},
        {"planned", planned_},
        {"repeat", options_.plan.repeat},
        {"seed", nullptr}};
    if (options_.plan.seed) run["seed"] = *options_.plan.seed;
    const PastRun& past = results_.past();
    if (!past.run.is_null()) {
      RETURN_IF_ERROR(CheckSameRun(past.run, run));
      SetNeeds(past.needs);
      return {};
    }
    const Claims claims = ClaimsIn(answers_.claims);
    run["testee"]["version"] = claims.version;
    RETURN_IF_ERROR(results_.Append(run));
    for (const json& claim : claims.claims) RETURN_IF_ERROR(results_.Append(claim));
    ASSIGN_OR_RETURN(const std::vector<json> needs, NeedsIn(answers_.needs));
    for (const json& need : needs) RETURN_IF_ERROR(results_.Append(need));
    SetNeeds(needs);
    return {};
  }

  Status Execute(const std::vector<PlannedTest>& plan) {
    JobPool pool(interrupt_.get());
    Status status;
    for (size_t next = 0; status && (next < plan.size() || pool.size() > 0);) {
      if (next < plan.size() && pool.size() < static_cast<size_t>(options_.jobs)) {
        status = StartTest(pool, plan[next++], status);
      } else if (!pool.Wait()) {
        status = Fail(EINTR, "stopped by a signal");
      }
    }
    return status;
  }

  Status WriteEnd() {
    if (results_.past().ended && executed_now_ == 0) return {};
    return results_.Append({{"record", "end"}, {"planned", planned_}, {"executed", executed_}});
  }

  std::string Summary() const {
    std::string text = fmt::format("{} of {} planned tests executed", executed_, planned_);
    if (executed_ != executed_now_) text += fmt::format(", {} of them now", executed_now_);
    if (options_.plan.seed) text += fmt::format(", order of seed {}", *options_.plan.seed);
    return text;
  }

 private:
  Session(const Options& options, const Parts& parts, ResultsFile results, double speed)
      : options_(options),
        parts_(parts),
        results_(std::move(results)),
        speed_(speed),
        commands_(parts, speed) {}

  std::string TesteeName() const {
    if (!options_.name.empty()) return options_.name;
    return options_.testee.substr(options_.testee.rfind('/') + 1);
  }

  // What the suite has said, and whose sums were made meanwhile.
  struct Answers {
    ProcessFacts tests;
    ProcessFacts needs;
    ProcessFacts claims;
    std::string testee_sum;
    std::string suite_sum;
  };

  using MakeStub = std::function<Result<Stub>(const StubTask&)>;

  JobSpec Spec(MakeStub make_stub, JobKind kind) {
    return {.sandbox = &sandbox_,
            .make_stub = std::move(make_stub),
            .limits = {.deadline = Scaled(kDeadline, speed_), .grace = Scaled(kGrace, speed_)},
            .kind = kind,
            .number = ++jobs_started_,
            .lifeline = lifeline_watched_.get()};
  }

  // Of a stub that executes the suite.
  MakeStub Executing(std::vector<std::string> argv) const {
    return [this, argv = std::move(argv)](const StubTask& task) {
      return CloneStub(task, [&] { return launcher::Execute(argv, environment_); });
    };
  }

  // Of a stub with a copy of the loaded suite. A server that failed is replaced for the next test.
  MakeStub Forked(const std::string& test) {
    return [this, test](const StubTask& task) -> Result<Stub> {
      if (!server_) {
        const auto command = [this](int socket) { return commands_.Serve(socket); };
        ASSIGN_OR_RETURN(ForkServer server, ForkServer::Start(command, environment_, sandbox_,
                                                              Scaled(kDeadline, speed_)));
        server_.emplace(std::move(server));
      }
      auto stub = server_->Fork(test, task);
      if (!stub) server_.reset();
      return stub;
    };
  }

  // Has the suite answer, until the pool has seen its end.
  Status Ask(JobPool& pool, std::vector<std::string> argv, ProcessFacts& answer) {
    ASSIGN_OR_RETURN(auto job, Job::Start(Spec(Executing(std::move(argv)), JobKind::kQuestion)));
    pool.Add(std::move(job), [&answer](const ProcessFacts& facts) { answer = facts; });
    return {};
  }

  // A testee that cannot be asked is no reason not to test it.
  static Claims ClaimsIn(const ProcessFacts& facts) {
    const auto failure = DescribeFailure(facts);
    if (failure) fprintf(stderr, "launcher: asking for the claims: %s\n", failure->c_str());
    return ReadClaims(facts.standard_output, failure);
  }

  static Result<std::vector<json>> NeedsIn(const ProcessFacts& facts) {
    if (const auto failure = DescribeFailure(facts)) {
      return Fail(
          0, "cannot probe the needs: the suite " + *failure + "; it printed:\n" + facts.output);
    }
    return RecordsIn(facts.standard_output, "need");
  }

  void SetNeeds(const std::vector<json>& needs) {
    for (const json& need : needs) {
      sandbox_.needs += need.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    }
  }

  static Status CheckSameRun(const json& past, const json& now) {
    for (const char* pointer :
         {"/testee/sha256", "/suite/sha256", "/machine/kernel", "/machine/cgroup"}) {
      const json::json_pointer member(pointer);
      if (!past.contains(member) || past[member] != now[member]) {
        return Fail(0, std::string("--resume: the file is of a run with another ") + (pointer + 1));
      }
    }
    return {};
  }

  Status StartTest(JobPool& pool, const PlannedTest& planned, Status& status) {
    RETURN_IF_ERROR(results_.Append(
        {{"record", "start"}, {"test", planned.test}, {"iteration", planned.iteration}}));
    auto make_stub =
        options_.fresh ? Executing(commands_.Test(planned.test)) : Forked(planned.test);
    auto job = Job::Start(Spec(std::move(make_stub), JobKind::kTest));
    if (!job) return WriteResult(planned, {.not_started = job.error().ToString()});
    pool.Add(*std::move(job), [this, planned, &status](const ProcessFacts& facts) {
      if (auto written = WriteResult(planned, facts); !written) status = written;
    });
    return {};
  }

  Status WriteResult(const PlannedTest& planned, const ProcessFacts& facts) {
    const Outcome outcome = Judge(facts, planned.test);
    json leaks = json::array();
    for (const Leak& leak : outcome.leaks) {
      leaks.push_back({{"class", leak.leak_class}, {"what", leak.what}});
    }
    RETURN_IF_ERROR(results_.Append({{"record", "result"},
                                     {"test", planned.test},
                                     {"iteration", planned.iteration},
                                     {"extension", ExtensionOf(outcome.requirements, planned.test)},
                                     {"requirements", outcome.requirements},
                                     {"verdict", outcome.verdict},
                                     {"reason", outcome.reason},
                                     {"message", outcome.message},
                                     {"leaks", leaks},
                                     {"output", facts.output},
                                     {"ms", facts.ms}}));
    ++executed_;
    ++executed_now_;
    return {};
  }

  Options options_;
  Parts parts_;
  ResultsFile results_;
  double speed_;
  SuiteCommands commands_;
  Sandbox sandbox_;
  Answers answers_;
  std::vector<std::string> environment_;
  std::optional<ForkServer> server_;
  UniqueFd interrupt_;
  UniqueFd lifeline_held_;
  UniqueFd lifeline_watched_;
  bool usage_error_ = false;
  int jobs_started_ = 0;
  size_t planned_ = 0;
  size_t executed_ = 0;
  size_t executed_now_ = 0;
};

Status RunSession(Session& session) {
  RemoveStaleTestCgroups(session.layout(), kGrace);
  const RootControllers controllers(session.layout());
  RETURN_IF_ERROR(session.AskAll());
  ASSIGN_OR_RETURN(const std::vector<PlannedTest> plan, session.Plan());
  RETURN_IF_ERROR(session.WriteHead());
  RETURN_IF_ERROR(session.Execute(plan));
  return session.WriteEnd();
}

int Complain(const Error& error, bool usage) {
  // Without an errno the text says it all.
  const std::string text = error.code == 0 ? error.attempted : error.ToString();
  fprintf(stderr, "launcher: %s\n", text.c_str());
  if (error.code == EINTR) return kExitInterrupted;
  return usage ? kExitUsage : kExitInfrastructure;
}

}  // namespace

int Run(const Options& options, char** environment) {
  auto session = Session::Begin(options, environment);
  if (!session) return Complain(session.error(), false);
  const Status status = RunSession(*session);
  fprintf(stderr, "launcher: %s\n", session->Summary().c_str());
  return status ? kExitDone : Complain(status.error(), session->usage_error());
}

}  // namespace lxcspec::launcher
