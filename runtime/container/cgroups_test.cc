// SPDX-License-Identifier: Apache-2.0
//
// Makes real cgroups, below a name of its own, and needs root for it.

#include "runtime/container/cgroups.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

// Into all hierarchies; 0 is the caller.
Status AddPayload(const ContainerCgroups& cgroups, pid_t process) {
  TRY(cgroups.AddPayload(process));
  const auto files = cgroups.OpenPayload();
  if (!files) return Forward(files.error());
  for (const UniqueFd& file : *files) {
    const std::string number = std::to_string(process);
    if (write(file.get(), number.data(), number.size()) < 0) return ErrnoFailure("write(tasks)");
  }
  return {};
}

Config Configured(std::initializer_list<std::pair<const char*, const char*>> items) {
  Config config;
  for (const auto& [key, value] : items) EXPECT_TRUE(config.Set(key, value)) << key;
  return config;
}

// A child that waits to be killed.
class Child {
 public:
  Child() : pid_(fork()) {
    if (pid_ != 0) return;
    while (true) pause();
  }
  ~Child() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }
  // The signal that it died of.
  int Death() const {
    siginfo_t info = {};
    waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
    return info.si_status;
  }

 private:
  pid_t pid_;
};

// What a process that enters the payload may do with these: "r" may open for reading only, "w" for
// writing only, "-" is neither.
std::string MayOpen(const ContainerCgroups& cgroups, const std::vector<std::string>& devices) {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return "pipe2()";
  const UniqueFd in(ends[0]);
  UniqueFd out(ends[1]);
  const pid_t child = fork();
  if (child == 0) {
    std::string said;
    if (!AddPayload(cgroups, 0)) _exit(1);
    for (const std::string& device : devices) {
      const bool reads = UniqueFd(open(device.c_str(), O_RDONLY | O_CLOEXEC)).valid();
      const bool writes = UniqueFd(open(device.c_str(), O_WRONLY | O_CLOEXEC)).valid();
      said += std::string(reads ? "r" : "") + (writes ? "w" : "") + (reads || writes ? "" : "-");
      said += ' ';
    }
    _exit(write(out.get(), said.data(), said.size()) < 0 ? 1 : 0);
  }
  out = UniqueFd();
  std::array<char, 256> said;
  const ssize_t count = read(in.get(), said.data(), said.size());
  waitpid(child, nullptr, 0);
  return std::string(said.data(), count > 0 ? static_cast<size_t>(count) : 0);
}

// From now on this process can load no program and make no map.
void RefuseLoading() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_bpf, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
      BPF_JUMP(BPF_JMP | BPF_JEQ, BPF_PROG_LOAD, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ, BPF_MAP_CREATE, 1, 0),
      BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET, SECCOMP_RET_ERRNO | EPERM),
  };
  const sock_fprog program{.len = std::size(filter), .filter = filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    _exit(2);
  }
}

class ContainerCgroupsTest : public ::testing::Test {
 protected:
  std::string name() const { return fmt::format("lxcspec-unit-{}", getpid()); }

  // Everything is below a folder of the test's own.
  Config config() const {
    Config config;
    EXPECT_TRUE(config.Set("lxc.cgroup.dir", name()));
    return config;
  }

  ContainerCgroups Made(const Config& config) {
    auto cgroups = ContainerCgroups::Create(PlaceCgroups(config, "c").value());
    EXPECT_TRUE(cgroups) << cgroups.error().ToString();
    return *std::move(cgroups);
  }
};

TEST_F(ContainerCgroupsTest, AreMadeEnteredAndGone) {
  ContainerCgroups cgroups = Made(config());
  const auto paths = cgroups.Paths();
  ASSERT_FALSE(paths.empty());
  for (const std::string& path : paths) EXPECT_TRUE(fs::is_directory(path)) << path;
  ASSERT_TRUE(cgroups.EnterMonitor(false));
  const Child child;
  const auto added = AddPayload(cgroups, child.pid());
  ASSERT_TRUE(added) << added.error().ToString();
  const auto inside = CgroupsOf(std::to_string(child.pid()));
  for (const CgroupHierarchy& hierarchy : inside->all) {
    EXPECT_TRUE(hierarchy.folder.ends_with("/lxc.payload.c")) << hierarchy.folder;
  }
  ASSERT_TRUE(cgroups.Kill());
  EXPECT_EQ(child.Death(), SIGKILL);
  const auto removed = cgroups.Remove(false);
  EXPECT_TRUE(removed) << removed.error().ToString();
  for (const std::string& path : paths) EXPECT_FALSE(fs::exists(path)) << path;
}

TEST_F(ContainerCgroupsTest, ATakenNameGetsANumber) {
  ContainerCgroups first = Made(config());
  ContainerCgroups second = Made(config());
  const auto paths = second.Paths();
  EXPECT_TRUE(std::any_of(paths.begin(), paths.end(), [](const std::string& path) {
    return path.ends_with("/lxc.payload.c-1");
  }));
  EXPECT_TRUE(second.Remove(false));
  EXPECT_TRUE(first.Remove(false));
}

TEST_F(ContainerCgroupsTest, FreezeAndThawArriveAtTheKernel) {
  ContainerCgroups cgroups = Made(config());
  const Child child;
  ASSERT_TRUE(AddPayload(cgroups, child.pid()));
  const auto freezer = cgroups.Freezer();
  ASSERT_TRUE(freezer) << freezer.error().ToString();
  const auto state = (*freezer)->OpenFreezeState();
  ASSERT_TRUE(state) << state.error().ToString();
  EXPECT_TRUE((*freezer)->SetFrozen(true));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!(*freezer)->Is(true, *state).value() && std::chrono::steady_clock::now() < deadline)
    continue;
  EXPECT_FALSE((*freezer)->Is(false, *state).value());
  const bool second = cgroups.GetItem("cgroup.freeze").has_value();
  const std::string item = second ? "cgroup.freeze" : "freezer.state";
  EXPECT_EQ(cgroups.GetItem(item).value(), second ? "1\n" : "FROZEN\n");
  EXPECT_TRUE((*freezer)->SetFrozen(false));
  EXPECT_EQ(cgroups.GetItem(item).value(), second ? "0\n" : "THAWED\n");
  EXPECT_TRUE(cgroups.Kill());
  EXPECT_TRUE(cgroups.Remove(false));
}

TEST_F(ContainerCgroupsTest, AnItemIsAFileOfThePayload) {
  ContainerCgroups cgroups = Made(config());
  EXPECT_EQ(cgroups.GetItem("no.such").error().code, ENOENT);
  EXPECT_EQ(cgroups.GetItem("../cgroup.procs").error().code, ENOENT);
  EXPECT_EQ(cgroups.SetItem("", "1").error().code, ENOENT);
  EXPECT_TRUE(cgroups.Remove(false));
}

TEST_F(ContainerCgroupsTest, ALimitThatNothingAppliesIsAnError) {
  ContainerCgroups cgroups = Made(config());
  Config limited;
  ASSERT_TRUE(limited.Set("lxc.cgroup2.nonsense.max", "1"));
  const auto applied = cgroups.ApplyLimits(limited);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, EOPNOTSUPP);
  EXPECT_THAT(applied.error().ToString(), ::testing::HasSubstr("lxc.cgroup2.nonsense.max"));
  EXPECT_TRUE(cgroups.Remove(false));
}

TEST_F(ContainerCgroupsTest, WhatADeadMonitorLeftIsRemovedAndItsNeighbourIsNot) {
  ContainerCgroups left = Made(config());
  ContainerCgroups neighbour = Made(config());
  const Child victim;
  const Child other;
  ASSERT_TRUE(AddPayload(left, victim.pid()));
  ASSERT_TRUE(AddPayload(neighbour, other.pid()));
  const auto paths = left.Paths();
  const auto removed = ContainerCgroups::RemoveAt(paths);
  EXPECT_TRUE(removed) << removed.error().ToString();
  EXPECT_EQ(victim.Death(), SIGKILL);
  EXPECT_EQ(kill(other.pid(), 0), 0);
  for (const std::string& path : neighbour.Paths()) EXPECT_TRUE(fs::is_directory(path)) << path;
  EXPECT_TRUE(neighbour.Kill());
  EXPECT_TRUE(neighbour.Remove(false));
  EXPECT_TRUE(ContainerCgroups::RemoveAt(paths));
}

TEST_F(ContainerCgroupsTest, AnInnerCgroupHasTheProcesses) {
  Config inner;
  ASSERT_TRUE(inner.Set("lxc.cgroup.dir.monitor", name() + "/m"));
  ASSERT_TRUE(inner.Set("lxc.cgroup.dir.container", name() + "/p"));
  ASSERT_TRUE(inner.Set("lxc.cgroup.dir.container.inner", "i"));
  ContainerCgroups cgroups = Made(inner);
  const Child child;
  ASSERT_TRUE(AddPayload(cgroups, child.pid()));
  const auto inside = CgroupsOf(std::to_string(child.pid()));
  EXPECT_TRUE(inside->all.at(0).folder.ends_with("/p/i")) << inside->all.at(0).folder;
  const auto again = ContainerCgroups::Create(PlaceCgroups(inner, "c").value());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, EEXIST);
  EXPECT_TRUE(cgroups.Kill());
  EXPECT_TRUE(cgroups.Remove(false));
}

TEST_F(ContainerCgroupsTest, DeviceRulesOfEitherVersionAreEnforcedAndAddedTo) {
  for (const std::string family : {"lxc.cgroup2.devices", "lxc.cgroup.devices"}) {
    ContainerCgroups cgroups = Made(config());
    Config rules;
    ASSERT_TRUE(rules.Set(family + ".deny", "a"));
    ASSERT_TRUE(rules.Set(family + ".allow", "c 1:3 rwm"));
    ASSERT_TRUE(rules.Set(family + ".allow", "c 1:5 r"));
    const auto applied = cgroups.ApplyDeviceRules(rules);
    ASSERT_TRUE(applied) << applied.error().ToString();
    const std::vector<std::string> devices = {"/dev/null", "/dev/zero", "/dev/full"};
    EXPECT_EQ(MayOpen(cgroups, devices), "rw r - ") << family;
    const auto more = cgroups.SetItem("devices.allow", "c 1:7 w");
    ASSERT_TRUE(more) << more.error().ToString();
    EXPECT_EQ(MayOpen(cgroups, devices), "rw r w ") << family;
    EXPECT_TRUE(cgroups.SetItem("devices.deny", "c 1:3 w"));
    EXPECT_EQ(MayOpen(cgroups, devices), "r r w ") << family;
    EXPECT_FALSE(cgroups.SetItem("devices.allow", "nonsense"));
    EXPECT_EQ(MayOpen(cgroups, devices), "r r w ") << family;
    EXPECT_TRUE(cgroups.Remove(false));
  }
}

TEST_F(ContainerCgroupsTest, ChangeOfAllDeviceRulesThatIsPreparedLoadsNoProgram) {
  for (const bool is_prepared : {false, true}) {
    ContainerCgroups cgroups = Made(config());
    ASSERT_TRUE(cgroups.ApplyDeviceRules(Configured(
        {{"lxc.cgroup2.devices.deny", "a"}, {"lxc.cgroup2.devices.allow", "c 1:3 rwm"}})));
    if (is_prepared) cgroups.GetReadyForDeviceRules();
    const pid_t child = fork();
    if (child == 0) {
      RefuseLoading();
      // A rule about more than one device is no change of a few bytes.
      _exit(cgroups.SetItem("devices.allow", "c 1:* r") ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), is_prepared ? 0 : 1);
    EXPECT_EQ(MayOpen(cgroups, {"/dev/null", "/dev/zero"}), is_prepared ? "rw r " : "rw - ");
    EXPECT_TRUE(cgroups.Remove(false));
  }
}

TEST_F(ContainerCgroupsTest, EachOfManyChangesOfAllDeviceRulesHolds) {
  ContainerCgroups cgroups = Made(config());
  ASSERT_TRUE(cgroups.ApplyDeviceRules(Configured({{"lxc.cgroup2.devices.deny", "a"}})));
  for (int round = 0; round < 8; ++round) {
    if (round % 3 != 0) cgroups.GetReadyForDeviceRules();
    ASSERT_TRUE(cgroups.SetItem("devices.allow", "c 1:* r"));
    EXPECT_EQ(MayOpen(cgroups, {"/dev/null", "/dev/zero"}), "r r ") << round;
    if (round % 2 != 0) cgroups.GetReadyForDeviceRules();
    ASSERT_TRUE(cgroups.SetItem("devices.allow", "c 1:3 w"));
    EXPECT_EQ(MayOpen(cgroups, {"/dev/null", "/dev/zero"}), "rw r ") << round;
    // These need a deeper table than was prepared, and then one that is none.
    if (round > 3) {
      ASSERT_TRUE(cgroups.SetItem("devices.allow", "c 7:300 r"));
    }
    if (round > 5) {
      ASSERT_TRUE(cgroups.SetItem("devices.allow", "c *:9 r"));
    }
    ASSERT_TRUE(cgroups.SetItem("devices.deny", "a"));
    EXPECT_EQ(MayOpen(cgroups, {"/dev/null", "/dev/zero"}), "- - ") << round;
  }
  EXPECT_TRUE(cgroups.Remove(false));
}

TEST_F(ContainerCgroupsTest, DenyingAllDevicesAloneDeniesAllAndARuleThatIsNoneIsAnError) {
  ContainerCgroups cgroups = Made(config());
  EXPECT_TRUE(cgroups.ApplyDeviceRules({}));
  EXPECT_EQ(MayOpen(cgroups, {"/dev/null"}), "rw ");
  for (const auto& [key, value] : {std::pair{"lxc.cgroup2.devices.deny", "c 1:x rwm"},
                                   std::pair{"lxc.cgroup2.devices.list", "a"}}) {
    const auto refused = cgroups.ApplyDeviceRules(Configured({{key, value}}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, EINVAL);
  }
  EXPECT_TRUE(cgroups.ApplyDeviceRules(Configured({{"lxc.cgroup2.devices.deny", "a"}})));
  EXPECT_EQ(MayOpen(cgroups, {"/dev/null", "/dev/zero"}), "- - ");
  EXPECT_TRUE(cgroups.Remove(false));
}

TEST_F(ContainerCgroupsTest, TheMonitorGoesToThePivotAndLives) {
  Config pivoted = config();
  ASSERT_TRUE(pivoted.Set("lxc.cgroup.dir.monitor.pivot", name() + "-pivot"));
  ContainerCgroups cgroups = Made(pivoted);
  std::vector<std::string> pivots;
  for (const std::string& path : cgroups.Paths()) {
    if (!path.ends_with("/lxc.payload.c")) continue;
    pivots.push_back(fs::path(path).parent_path().string() + "-pivot");
  }
  const pid_t monitor = fork();
  if (monitor == 0) {
    const bool done = cgroups.EnterMonitor(false) && cgroups.Remove(false);
    _exit(done && CgroupsOf("self")->all.at(0).folder.ends_with("-pivot") ? 0 : 1);
  }
  int status = -1;
  waitpid(monitor, &status, 0);
  EXPECT_EQ(status, 0);
  for (const std::string& pivot : pivots) EXPECT_EQ(rmdir(pivot.c_str()), 0) << pivot;
  for (const std::string& path : cgroups.Paths()) EXPECT_FALSE(fs::exists(path)) << path;
}

}  // namespace
}  // namespace lxcspec::runtime
