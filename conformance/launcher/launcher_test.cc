// SPDX-License-Identifier: Apache-2.0
//
// The launcher against a suite that misbehaves in every way a testee can: each is exactly one
// result, and the others are as if it had not been.

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "conformance/launcher/launcher_fixture.h"

namespace lxcspec::launcher {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

struct HostileCase {
  const char* test;
  const char* verdict;
  const char* reason;  // a part of it
  std::vector<std::string> leaks;
};

const std::vector<HostileCase>& HostileCases() {
  static const std::vector<HostileCase> cases = {
      {"CloseEverything", "crash", "without having written a result", {}},
      {"CloseResultFd", "crash", "without having written a result", {}},
      {"EndlessResult", "broken", "too large", {}},
      {"EnterOtherNamespaces", "pass", "", {}},
      {"ExitZero", "crash", "exited with status 0 without", {}},
      {"Flood", "fail", "printed more", {}},
      {"GarbageAfterResult", "broken", "not JSON", {}},
      {"GarbageOnResultFd", "broken", "not JSON", {}},
      {"GrandchildHoldsPipes", "pass", "", {"process fake_suite"}},
      {"HangForever", "timeout", "did not end by its deadline", {}},
      {"FreezeAChildAndHang", "timeout", "did not end by its deadline", {}},
      {"IgnoreSignalsAndHang", "timeout", "did not end by its deadline", {}},
      {"KillAll", "pass", "", {}},
      {"KillParent", "pass", "", {}},
      {"KillSupervisorByTracing", "crash", "took down the process that supervised it", {}},
      {"LeakCgroup", "pass", "", {"cgroup lxc.payload.c1"}},
      {"LeakCgroupWithProcess", "pass", "", {"cgroup lxc.payload.c1", "process fake_suite"}},
      {"LeakChild", "pass", "", {"process fake_suite"}},
      {"LeakFd", "pass", "", {"fd /dev/null"}},
      {"LeakFile", "pass", "", {"file /run/testee.<n>"}},
      {"LeakManyChildren", "pass", "", {"process fake_suite"}},
      {"LeakMount", "pass", "", {"file /run/place", "mount tmpfs on /run/place"}},
      {"LeakMountByPropagation", "pass", "", {"mount tmpfs on /run"}},
      {"LeakNetdev", "pass", "", {"netdev veth<random>"}},
      {"LeakStubbornChild", "pass", "", {"process fake_suite"}},
      {"PrintBytesThatAreNoText", "pass", "", {}},
      {"PrintMuch", "pass", "", {}},
      {"ResultOfAnotherTest", "broken", "another test", {}},
      {"ScribbleOnSupervisor", "pass", "", {}},
      {"Segfault", "crash", "killed by SIGSEGV", {}},
      {"SegfaultAfterResult", "crash", "killed by SIGSEGV after it had written its result", {}},
      {"SegfaultBeforeCovers", "crash", "killed by SIGSEGV", {}},
      {"ShortLivedChild", "pass", "", {}},
      {"SpinForever", "timeout", "did not end by its deadline", {}},
      {"StopSupervisorByTracing", "timeout", "did not end by its deadline", {}},
      {"TornResult", "broken", "not JSON", {}},
      {"TwoVerdicts", "broken", "follows the verdict", {}},
      {"VerdictOfAnotherKind", "broken", "none that a suite can give", {}},
  };
  return cases;
}

// Tests forked off the loaded suite, and the suite executed anew for each: nothing differs.
class IsolationTest : public LauncherTest, public ::testing::WithParamInterface<bool> {
 protected:
  std::vector<std::string> With(std::vector<std::string> arguments) const {
    if (GetParam()) arguments.emplace_back("--fresh");
    return arguments;
  }
};

INSTANTIATE_TEST_SUITE_P(, IsolationTest, ::testing::Bool(),
                         [](const auto& tested) { return tested.param ? "Fresh" : "Forked"; });

// All at once, so that each stands between others whose results must not change.
TEST_P(IsolationTest, EveryHostileTestIsOneResultAndLeavesTheOthersAlone) {
  const pid_t pid = launcher_.Start(With({"--speed", kSpeed, "--jobs", "2", "--shuffle", "4"}));
  ASSERT_EQ(launcher_.Await(), 0) << launcher_.Errors();
  EXPECT_THAT(CgroupsOf(pid), IsEmpty());

  const auto results = launcher_.Results();
  EXPECT_EQ(results.size(), launcher_.Records("result").size());
  EXPECT_EQ(results.size(), launcher_.Records("run")[0]["planned"]);
  const json end = launcher_.Records().back();
  EXPECT_EQ(end["record"], "end");
  EXPECT_EQ(end["executed"], results.size());
  for (const HostileCase& expected : HostileCases()) {
    SCOPED_TRACE(expected.test);
    ASSERT_TRUE(results.contains(std::string("Hostile.") + expected.test));
    const json& result = results.at(std::string("Hostile.") + expected.test);
    EXPECT_EQ(result["verdict"], expected.verdict);
    EXPECT_THAT(result["reason"].get<std::string>(), HasSubstr(expected.reason));
    EXPECT_EQ(LeaksOf(result), expected.leaks);
  }
  EXPECT_EQ(results.at("Fake.Passes")["verdict"], "pass");
  EXPECT_EQ(results.at("Fake.Fails")["verdict"], "fail");
  EXPECT_EQ(results.at("Fake.Fails")["message"], "Expected equality");
  EXPECT_EQ(results.at("Fake.Unsupported")["verdict"], "unsupported");
}

TEST_F(LauncherTest, UnmountingWhatTheLauncherMountedIsALeak) {
  const std::vector<std::string> leaks = LeaksOf(ResultOf("Hostile.UnmountEverything"));
  EXPECT_THAT(leaks, Contains("mount gone: tmpfs on /run"));
  EXPECT_THAT(leaks, Each(StartsWith("mount gone: ")));
}

TEST_P(IsolationTest, TheSandboxIsAsPromised) {
  launcher_.AddEnvironment("LXCSPEC_FAKE_PASSED=1");
  launcher_.AddEnvironment("FAKE_NOT_PASSED=1");
  ASSERT_EQ(
      launcher_.Run(
          With({"--speed", kSpeed, "--tests",
                TestsFile({"Sandbox.CgroupMountsShowTheNamespaceRoot",
                           "Sandbox.DescriptorsAreThoseOfTheContract", "Sandbox.EnvironmentIsClean",
                           "Sandbox.HostIsReadOnly", "Sandbox.HostnameIsConstant",
                           "Sandbox.NeedsFileHasTheNeeds", "Sandbox.OnlyLoopbackAndItIsUp",
                           "Sandbox.ProcessIsTheSecond", "Sandbox.PseudoterminalsAreItsOwn",
                           "Sandbox.ScratchIsEmptyAndWritable", "Sandbox.StateDirectoriesAreEmpty",
                           "Sandbox.SupervisorIsInInitScopeOfItsOwnRoot"})})),
      0);
  const auto results = launcher_.Results();
  EXPECT_THAT(results, SizeIs(12));
  for (const auto& [name, result] : results) {
    EXPECT_EQ(result["verdict"], "pass") << name << ": " << result["message"];
    EXPECT_THAT(LeaksOf(result), IsEmpty()) << name;
  }
}

TEST_F(LauncherTest, RequirementsOfACrashAreThoseItHadNamed) {
  EXPECT_THAT(ResultOf("Hostile.Segfault")["requirements"], ElementsAre("console_log.read_empty"));
}

TEST_F(LauncherTest, OutputIsTheLastPartOfWhatWasPrinted) {
  const std::string output = ResultOf("Hostile.PrintMuch")["output"];
  EXPECT_EQ(output.size(), 16384U);
  EXPECT_TRUE(output.ends_with("line 19999\n"));
}

TEST_F(LauncherTest, TheHeadSaysWhatRanWhereAgainstWhat) {
  ASSERT_EQ(RunTests({"Fake.Passes"}, {"--name", "fake"}), 0);
  const json run = launcher_.Records()[0];
  EXPECT_EQ(run["record"], "run");
  EXPECT_EQ(run["schema"], 1);
  EXPECT_EQ(run["testee"]["name"], "fake");
  EXPECT_EQ(run["testee"]["version"], "1.0.0");
  EXPECT_EQ(run["testee"]["sha256"].get<std::string>().size(), 64U);
  EXPECT_EQ(run["planned"], 1);
  EXPECT_TRUE(run["seed"].is_null());
  EXPECT_EQ(launcher_.Records("need")[0]["name"], "pty");
  const auto claims = launcher_.Records("claim");
  ASSERT_THAT(claims, SizeIs(2));
  EXPECT_EQ(claims[0]["claimed"], true);
  EXPECT_EQ(claims[1]["claimed"], false);
}

TEST_F(LauncherTest, ACrashWhileClaimingLeavesTheRestOpenAndTestsRun) {
  launcher_.AddEnvironment("LXCSPEC_FAKE=claims-crash");
  EXPECT_EQ(ResultOf("Fake.Passes")["verdict"], "pass");
  const auto claims = launcher_.Records("claim");
  ASSERT_THAT(claims, SizeIs(2));
  EXPECT_EQ(claims[0]["claimed"], true);
  EXPECT_TRUE(claims[1]["claimed"].is_null());
  EXPECT_THAT(claims[1]["reason"].get<std::string>(), HasSubstr("SIGSEGV"));
}

TEST_F(LauncherTest, HangingWhileClaimingLeavesTheRestOpenAndTestsRun) {
  launcher_.AddEnvironment("LXCSPEC_FAKE=claims-hang");
  EXPECT_EQ(ResultOf("Fake.Passes")["verdict"], "pass");
  EXPECT_THAT(launcher_.Records("claim")[1]["reason"].get<std::string>(), HasSubstr("deadline"));
}

TEST_F(LauncherTest, ASuiteThatCannotProbeNeedsStopsTheRun) {
  launcher_.AddEnvironment("LXCSPEC_FAKE=needs-crash");
  EXPECT_EQ(RunTests({"Fake.Passes"}), 3);
  EXPECT_THAT(launcher_.Errors(), HasSubstr("cannot probe the needs: the suite killed by SIGABRT"));
  EXPECT_THAT(launcher_.Records("start"), IsEmpty());
}

TEST_F(LauncherTest, ASuiteThatCannotBeLoadedForTestsBreaksThemAll) {
  launcher_.AddEnvironment("LXCSPEC_FAKE=server-crash");
  EXPECT_EQ(RunTests({"Fake.Passes", "Fake.Fails"}), 0);
  const auto results = launcher_.Results();
  EXPECT_THAT(results, SizeIs(2));
  for (const auto& [name, result] : results) {
    EXPECT_EQ(result["verdict"], "broken") << name;
    EXPECT_THAT(result["reason"].get<std::string>(), HasSubstr("ECONNRESET")) << name;
  }
}

TEST_F(LauncherTest, RepeatsAreResultsOfTheirOwn) {
  ASSERT_EQ(RunTests({"Fake.Passes", "Fake.Fails"}, {"--repeat", "3"}), 0);
  EXPECT_THAT(launcher_.Results(), SizeIs(6));
  EXPECT_TRUE(launcher_.Results().contains("Fake.Fails#3"));
}

TEST_F(LauncherTest, ShardsTogetherRunEveryTestOnce) {
  const std::vector<std::string> names = {"Fake.Passes", "Fake.Fails", "Fake.Unsupported"};
  std::multiset<std::string> ran;
  for (const char* shard : {"1/2", "2/2"}) {
    ASSERT_EQ(RunTests(names, {"--shard", shard}), 0);
    for (const auto& [name, result] : launcher_.Results()) ran.insert(name);
  }
  EXPECT_EQ(ran, (std::multiset<std::string>{names.begin(), names.end()}));
}

// What stops a run before its first test.
struct RefusedCase {
  std::vector<std::string> arguments;
  int status;
  const char* message;
};

TEST_F(LauncherTest, WhatIsWrongBeforehandIsSaidAndNothingRuns) {
  const std::vector<RefusedCase> cases = {
      {{"--no-such-option"}, 2, "--no-such-option"},
      {{"--shard", "3/2"}, 2, "--shard"},
      {{"--repeat", "0"}, 2, "--repeat"},
      {{"--tests", TestsFile({"Fake.Missing"})}, 2, "the suite has no test Fake.Missing"},
      {{"--tests", "/dev/null"}, 2, "names no test"},
      {{"--suite", "/nonexistent"}, 3, "--suite: find /nonexistent: ENOENT"},
      {{"--suite", "/etc/passwd"}, 3, "--suite: execute /etc/passwd: EACCES"},
      {{"--suite", "/tmp"}, 3, "--suite: /tmp is no regular file"},
      {{"--testee", "/nonexistent.so"}, 3, "--testee: find /nonexistent.so: ENOENT"},
      {{"--testee", "/etc/passwd"}, 3, "--testee: /etc/passwd is no ELF file"},
      {{"--probe", "/nonexistent"}, 3, "--probe: find"},
      {{"--results", "/nonexistent/file"}, 3, "open(/nonexistent/file): ENOENT"},
      {{"--results", "/dev/full"}, 3, "write(/dev/full): ENOSPC"},
      {{"--visible", "/nonexistent"}, 3, "--visible: find"},
      {{"--loader", "/nonexistent"}, 3, "--loader: find"},
  };
  for (const RefusedCase& refused : cases) {
    SCOPED_TRACE(refused.message);
    std::vector<std::string> arguments = refused.arguments;
    arguments.insert(arguments.end(), {"--speed", "1"});
    EXPECT_EQ(launcher_.Run(arguments), refused.status);
    EXPECT_THAT(launcher_.Errors(), HasSubstr(refused.message));
    EXPECT_THAT(launcher_.Records("start"), IsEmpty());
  }
}

TEST_F(LauncherTest, AnOrdinaryUserIsTold) {
  int said[2];
  ASSERT_EQ(pipe(said), 0);
  const pid_t child = fork();
  if (child == 0) {
    // By descriptor: an ordinary user may not reach the build tree.
    const int launcher = open(FakePaths().launcher.c_str(), O_RDONLY);
    dup2(said[1], 2);
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(99);
    const char* argv[] = {"launcher", "--suite",   "/bin/true", "--testee",  "/bin/true",
                          "--probe",  "/bin/true", "--results", "/dev/null", nullptr};
    char* environment[] = {nullptr};
    fexecve(launcher, const_cast<char**>(argv), environment);
    _exit(98);
  }
  close(said[1]);
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 3);
  char text[256] = "";
  EXPECT_GT(read(said[0], text, sizeof(text) - 1), 0);
  EXPECT_THAT(text, HasSubstr("not root"));
  close(said[0]);
}

}  // namespace
}  // namespace lxcspec::launcher
