// SPDX-License-Identifier: Apache-2.0
//
// When and where device rules are in force: in what runs in the container, while they change, and
// until it has stopped. And what happens when they cannot be.

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <set>
#include <string>
#include <vector>

#include "conformance/harness/cgroups.h"
#include "conformance/harness/device_programs.h"
#include "conformance/harness/device_test.h"
#include "conformance/harness/processes.h"

namespace lxcspec {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

constexpr int kSecondsToStop = 10;

class Cgroup2DevicesEnforcementTest : public DeviceTest {
 protected:
  // The programs that are asked for the container's init and not for the test.
  static Result<std::set<uint32_t>> ProgramsOf(pid_t init) {
    ASSIGN_OR_RETURN(const std::string folder, UnifiedFolderOf(init));
    ASSIGN_OR_RETURN(std::set<uint32_t> programs, DeviceProgramsOf(folder));
    ASSIGN_OR_RETURN(const std::string own_folder, UnifiedFolderOf(getpid()));
    ASSIGN_OR_RETURN(const std::set<uint32_t> own, DeviceProgramsOf(own_folder));
    for (const uint32_t id : own) programs.erase(id);
    return programs;
  }

  static void ExpectGone(const std::set<uint32_t>& programs) {
    for (const uint32_t id : programs) {
      EXPECT_TRUE(Eventually([&] { return NameOfProgram(id); }, FailsWithErrno(ENOENT)));
    }
  }

  // Whether the container runs after a start, which must not be: neither with what was set, nor
  // otherwise.
  void ExpectNoStart(const ConfigItems& config) {
    auto container = Configure({"pause"}, config);
    if (!container) return;
    EXPECT_THAT((*container)->Start({}), Fails());
    EXPECT_EQ((*container)->State(), "STOPPED");
    if ((*container)->IsRunning()) static_cast<void>((*container)->Stop());
  }
};

TEST_F(Cgroup2DevicesEnforcementTest, AttachedProgramIsUnderTheRules) {
  COVERS(spec::cgroup2_devices::kAttached);
  // What attaching may need beside: the null device and terminals.
  ASSERT_OK_AND_ASSIGN(
      auto container,
      StartProbed(Rules({"deny a", "allow c 1:3 rwm", "allow c 5:* rwm", "allow c 136:* rwm"})));
  const auto opens = [&](const char* path) -> Result<bool> {
    ASSIGN_OR_RETURN(const int status,
                     container->AttachRunWait({"/probe", "open", path, "r", "then", "exit", "0"}));
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  };

  EXPECT_THAT(opens("/dev/null"), SucceedsWith(true));
  EXPECT_THAT(opens("/dev/zero"), SucceedsWith(false));
}

TEST_F(Cgroup2DevicesEnforcementTest, RulesHoldAgainAfterARestart) {
  COVERS(spec::cgroup2_devices::kRestart);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Rules({"deny a", "allow c 1:3 rwm"})));
  ASSERT_OK(container->Stop());
  ASSERT_OK(container->Wait("STOPPED", kSecondsToStop));

  ASSERT_OK(container->Start({}));
  ASSERT_OK(container.AwaitNextInit());

  EXPECT_THAT(Allowed(container, kNull), SucceedsWith("mrw+"));
  EXPECT_THAT(Allowed(container, kZero), SucceedsWith(""));
}

TEST_F(Cgroup2DevicesEnforcementTest, RulesHoldAgainAfterAReboot) {
  COVERS(spec::cgroup2_devices::kRestart);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Rules({"deny a", "allow c 1:3 rwm"})));

  ASSERT_OK(container.Tell({"reboot"}));
  ASSERT_OK(container.AwaitNextInit());

  EXPECT_THAT(Allowed(container, kNull), SucceedsWith("mrw+"));
  EXPECT_THAT(Allowed(container, kZero), SucceedsWith(""));
}

TEST_F(Cgroup2DevicesEnforcementTest, RulesHoldWithIdMaps) {
  COVERS(spec::cgroup2_devices::kIdMaps);
  ASSERT_OK_AND_ASSIGN(ConfigItems config, MapIds());
  const ConfigItems rules = Rules({"deny a", "allow c 1:3 rw"});
  config.insert(config.end(), rules.begin(), rules.end());
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(config));

  EXPECT_THAT(Open(container, kNull, "rw"), SucceedsWith(0));
  EXPECT_THAT(Open(container, kZero, "r"), SucceedsWith(EPERM));
}

TEST_F(Cgroup2DevicesEnforcementTest, AddedAllowanceIsInForce) {
  COVERS(spec::cgroup2_devices::kLiveChange);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Rules({"deny a", "allow c 1:3 rwm"})));
  ASSERT_THAT(Allowed(container, kZero), SucceedsWith(""));

  ASSERT_OK(container->SetCgroupItem("devices.allow", "c 1:5 rw"));

  EXPECT_THAT(Allowed(container, kZero), SucceedsWith("rw+"));
  EXPECT_THAT(Allowed(container, kNull), SucceedsWith("mrw+"));
  EXPECT_THAT(Allowed(container, kFull), SucceedsWith(""));
}

TEST_F(Cgroup2DevicesEnforcementTest, AddedDenialIsInForce) {
  COVERS(spec::cgroup2_devices::kLiveChange);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Rules({"allow a", "deny c 1:3 m"})));
  ASSERT_THAT(Allowed(container, kZero), SucceedsWith("mrw+"));

  ASSERT_OK(container->SetCgroupItem("devices.deny", "c 1:5 rwm"));

  EXPECT_THAT(Allowed(container, kZero), SucceedsWith(""));
  EXPECT_THAT(Allowed(container, kNull), SucceedsWith("rw+"));
  EXPECT_THAT(Allowed(container, kFull), SucceedsWith("mrw+"));
}

TEST_F(Cgroup2DevicesEnforcementTest, AddedRuleForEverythingIsInForce) {
  COVERS(spec::cgroup2_devices::kLiveChange);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Rules({"allow a", "deny c 1:3 m"})));

  ASSERT_OK(container->SetCgroupItem("devices.deny", "a"));

  EXPECT_THAT(Allowed(container, kNull), SucceedsWith(""));
  EXPECT_THAT(Allowed(container, kZero), SucceedsWith(""));
}

TEST_F(Cgroup2DevicesEnforcementTest, ChangesLeaveNoMomentOpenOrShut) {
  COVERS(spec::cgroup2_devices::kLiveChangeIsAtomic);
  constexpr char kOpens[] = "20000";
  constexpr int kChanges = 60;
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Rules({"deny a", "allow c 1:3 rwm"})));
  ASSERT_OK_AND_ASSIGN(const std::string child,
                       container.Ask({"start", "count-surprises", kNull.path, kFull.path, kOpens}));

  for (int change = 0; change < kChanges; ++change) {
    const bool allow = change % 2 == 0;
    ASSERT_OK(container->SetCgroupItem(allow ? "devices.allow" : "devices.deny", "c 1:5 rwm"));
  }

  EXPECT_THAT(container.Ask({"result", child}), SucceedsWith("0"));
}

TEST_F(Cgroup2DevicesEnforcementTest, ProgramCanBeFoundAndHasAName) {
  COVERS(spec::cgroup2_devices::kProgramNamed);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Rules({"deny a", "allow c 1:3 rwm"})));

  ASSERT_OK_AND_ASSIGN(const std::set<uint32_t> programs, ProgramsOf(container.init()));

  EXPECT_THAT(programs, Not(IsEmpty()));
  for (const uint32_t id : programs) {
    EXPECT_THAT(NameOfProgram(id), SucceedsWith(Not(IsEmpty())));
  }
}

// No StartProbed in these: the test's end of the probe's channel is a socket of the container's
// cgroup, which keeps the cgroup's programs.

TEST_F(Cgroup2DevicesEnforcementTest, ProgramsAreGoneAfterAStop) {
  COVERS(spec::cgroup2_devices::kGone);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent(Rules({"deny a", "allow c 1:3 rwm"})));
  ASSERT_OK_AND_ASSIGN(const pid_t init, container->InitPid());
  ASSERT_OK_AND_ASSIGN(const std::set<uint32_t> programs, ProgramsOf(init));
  ASSERT_THAT(programs, Not(IsEmpty()));

  ASSERT_OK(container->Stop());
  ASSERT_OK(container->Wait("STOPPED", kSecondsToStop));

  ExpectGone(programs);
}

TEST_F(Cgroup2DevicesEnforcementTest, ProgramsAreGoneAfterInitWasKilled) {
  COVERS(spec::cgroup2_devices::kGone);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent(Rules({"deny a", "allow c 1:3 rwm"})));
  ASSERT_OK_AND_ASSIGN(const pid_t init, container->InitPid());
  ASSERT_OK_AND_ASSIGN(const std::set<uint32_t> programs, ProgramsOf(init));
  ASSERT_THAT(programs, Not(IsEmpty()));

  ASSERT_EQ(kill(init, SIGKILL), 0);
  ASSERT_OK(container->Wait("STOPPED", kSecondsToStop));

  ExpectGone(programs);
}

struct NoRule {
  std::string name;
  std::string text;
};

class Cgroup2DevicesNoRuleTest : public Cgroup2DevicesEnforcementTest,
                                 public ::testing::WithParamInterface<NoRule> {};

TEST_P(Cgroup2DevicesNoRuleTest, ContainerDoesNotStart) {
  COVERS(spec::cgroup2_devices::kNoRule);
  ExpectNoStart({{kAllowDevices, "a"}, {kDenyDevices, GetParam().text}});
}

TEST_P(Cgroup2DevicesNoRuleTest, RunningContainerKeepsItsRules) {
  COVERS(spec::cgroup2_devices::kLiveNoRule);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Rules({"deny a", "allow c 1:3 rwm"})));

  EXPECT_THAT(container->SetCgroupItem("devices.allow", GetParam().text), Fails());

  EXPECT_THAT(Allowed(container, kNull), SucceedsWith("mrw+"));
  EXPECT_THAT(Allowed(container, kZero), SucceedsWith(""));
}

INSTANTIATE_TEST_SUITE_P(
    All, Cgroup2DevicesNoRuleTest,
    ::testing::Values(NoRule{"Word", "everything"}, NoRule{"Type", "x 1:5 rwm"},
                      NoRule{"NoNumbers", "c rwm"}, NoRule{"OneNumber", "c 1 rwm"},
                      NoRule{"NoUses", "c 1:5"}, NoRule{"UnknownUse", "c 1:5 rwx"},
                      NoRule{"LettersForNumbers", "c x:y rwm"}, NoRule{"Negative", "c -1:5 rwm"}),
    [](const auto& each) { return each.param.name; });

TEST_F(Cgroup2DevicesEnforcementTest, OtherLeafKeepsTheContainerFromStarting) {
  COVERS(spec::cgroup2_devices::kOtherLeaf);
  ExpectNoStart({{kAllowDevices, "a"}, {"lxc.cgroup2.devices.forbid", "c 1:5 rwm"}});
}

TEST_F(Cgroup2DevicesEnforcementTest, WithoutProgramsRulesKeepTheContainerFromStarting) {
  COVERS(spec::cgroup2_devices::kNoBpf);
  ASSERT_OK(RefuseSystemCalls({SYS_bpf}, ENOSYS));
  ExpectNoStart(Rules({"deny a", "allow c 1:3 rwm"}));
}

TEST_F(Cgroup2DevicesEnforcementTest, ForbiddenProgramsKeepTheContainerFromStarting) {
  COVERS(spec::cgroup2_devices::kNoBpf);
  ASSERT_OK(RefuseSystemCalls({SYS_bpf}, EPERM));
  ExpectNoStart(Rules({"deny a", "allow c 1:3 rwm"}));
}

TEST_F(Cgroup2DevicesEnforcementTest, WithoutProgramsAContainerWithoutRulesStarts) {
  COVERS(spec::cgroup2_devices::kNoBpfUnrestricted);
  ASSERT_OK(RefuseSystemCalls({SYS_bpf}, ENOSYS));

  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());

  EXPECT_THAT(Allowed(container, kNull), SucceedsWith("mrw+"));
}

}  // namespace
}  // namespace lxcspec
