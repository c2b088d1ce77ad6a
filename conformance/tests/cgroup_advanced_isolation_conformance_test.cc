// SPDX-License-Identifier: Apache-2.0
//
// Cgroups at places of the configuration's choice, and limits that the container cannot undo.

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conformance/harness/cgroup_test.h"

namespace lxcspec {
namespace {

using ::testing::AnyOf;
using ::testing::EndsWith;
using ::testing::Gt;
using ::testing::Le;

constexpr char kDir[] = "lxc.cgroup.dir";
constexpr char kMonitor[] = "lxc.cgroup.dir.monitor";
constexpr char kContainer[] = "lxc.cgroup.dir.container";
constexpr char kInner[] = "lxc.cgroup.dir.container.inner";
constexpr char kPivot[] = "lxc.cgroup.dir.monitor.pivot";

constexpr char kMonitorPath[] = "lxcspec.monitor";
constexpr char kContainerPath[] = "lxcspec.container";
constexpr char kPivotPath[] = "lxcspec.pivot";
const ConfigItems kPlaced = {{kMonitor, kMonitorPath}, {kContainer, kContainerPath}};
const ConfigItems kIsolated = {
    {kMonitor, kMonitorPath}, {kContainer, kContainerPath}, {kInner, "inner"}};

// With this a container has its cgroups to write to, and these are ways from there to a cgroup with
// a limit.
constexpr char kMounts[] = "proc:rw sys:rw cgroup:rw:force";
const std::vector<std::string> kReached = {
    ".", "..", "../..", "inner", "lxcspec.container", "lxcspec.container/inner"};

// Cgroups at a path of all hierarchies, made by the test and removed by it.
class MadeCgroups {
 public:
  explicit MadeCgroups(std::vector<std::string> folders) : folders_(std::move(folders)) {
    for (const std::string& folder : folders_) EXPECT_EQ(mkdir(folder.c_str(), 0755), 0) << folder;
  }
  MadeCgroups(const MadeCgroups&) = delete;
  MadeCgroups& operator=(const MadeCgroups&) = delete;
  ~MadeCgroups() {
    // A monitor that ends is in there for a moment longer.
    const Deadline deadline(std::chrono::seconds(1));
    for (const std::string& folder : folders_) {
      while (rmdir(folder.c_str()) != 0 && errno == EBUSY && !deadline.Passed()) {
        PauseBetweenLooks();
      }
    }
  }

 private:
  const std::vector<std::string> folders_;
};

class CgroupAdvancedIsolationTest : public CgroupTest {
 protected:
  static ConfigItems With(ConfigItems config, const std::string& key, const std::string& value) {
    config.emplace_back(key, value);
    return config;
  }

  // The folders at that path of all hierarchies, there or not.
  static Result<std::vector<std::string>> FoldersAt(const std::string& path) {
    ASSIGN_OR_RETURN(const CgroupPaths own, CgroupsOf(getpid()));
    std::vector<std::string> folders;
    for (const auto& [hierarchy, unused] : own) {
      ASSIGN_OR_RETURN(const std::string folder, CgroupFolder(hierarchy, "/" + path));
      folders.push_back(folder);
    }
    return folders;
  }

  // How many of them there are.
  static int CountThere(const std::vector<std::string>& folders) {
    int count = 0;
    for (const std::string& folder : folders) count += access(folder.c_str(), F_OK) == 0 ? 1 : 0;
    return count;
  }

  static void ExpectAllAt(pid_t process, const std::string& path) {
    ASSERT_OK_AND_ASSIGN(const CgroupPaths paths, CgroupsOf(process));
    for (const auto& [hierarchy, at] : paths) {
      EXPECT_EQ(at, path) << "hierarchy '" << hierarchy << "'";
    }
  }

  static ConfigItems Limited(const ResourceLimit& limit, const std::string& value) {
    return With(With(kIsolated, limit.key, value), "lxc.mount.auto", kMounts);
  }

  static Result<std::string> ReadOuter(const ResourceLimit& limit, const std::string& file) {
    ASSIGN_OR_RETURN(const std::string folder,
                     CgroupFolder(limit.hierarchy, std::string("/") + kContainerPath));
    return ReadCgroupFile(folder + "/" + file);
  }

  // The file of the outer cgroup that has the limit.
  static Result<std::string> OuterFile(const PidsLimit& limit) {
    ASSIGN_OR_RETURN(const std::string folder,
                     CgroupFolder(limit.hierarchy, std::string("/") + kContainerPath));
    return folder + "/pids.max";
  }
};

TEST_F(CgroupAdvancedIsolationTest, IsAnnounced) {
  COVERS(spec::cgroup_advanced_isolation::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("cgroup_advanced_isolation"));
}

TEST_F(CgroupAdvancedIsolationTest, KeysReadAsTheyWereSet) {
  COVERS(spec::cgroup_advanced_isolation::kKeysReadBack);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  const ConfigItems items = {
      {kMonitor, "a/monitor"}, {kContainer, "a/b/container"}, {kInner, "in.ner"}, {kPivot, "p/q"}};

  for (const auto& [key, value] : items) ASSERT_OK(container->SetConfigItem(key, value));

  for (const auto& [key, value] : items) {
    EXPECT_THAT(container->GetConfigItem(key), SucceedsWith(value)) << key;
  }
}

TEST_F(CgroupAdvancedIsolationTest, UnsetKeysReadAsNothing) {
  COVERS(spec::cgroup_advanced_isolation::kUnsetIsEmpty);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));

  for (const char* key : {kMonitor, kContainer, kInner, kPivot}) {
    EXPECT_THAT(container->GetConfigItem(key), SucceedsWith("")) << key;
    ASSERT_OK(container->SetConfigItem(key, "name"));
    ASSERT_OK(container->ClearConfigItem(key));
    EXPECT_THAT(container->GetConfigItem(key), SucceedsWith("")) << key;
  }
}

TEST_F(CgroupAdvancedIsolationTest, InitAndItsParentAreAtTheirPlaces) {
  COVERS(spec::cgroup_advanced_isolation::kPlaced);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kPlaced));

  ExpectAllAt(container.init(), "/lxcspec.container");
  ASSERT_OK_AND_ASSIGN(const pid_t monitor, ParentOf(container.init()));
  ExpectAllAt(monitor, "/lxcspec.monitor");
}

TEST_F(CgroupAdvancedIsolationTest, InitIsInTheInnerCgroup) {
  COVERS(spec::cgroup_advanced_isolation::kInnerPlaced);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kIsolated));

  ExpectAllAt(container.init(), "/lxcspec.container/inner");
}

TEST_F(CgroupAdvancedIsolationTest, ContainerSeesItselfAtTheRoot) {
  COVERS(spec::cgroup_advanced_isolation::kInnerIsRoot);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(With(kIsolated, "lxc.mount.auto", "proc")));

  ASSERT_OK_AND_ASSIGN(const std::string cgroups,
                       container.Ask({"read-from", "/proc/self/cgroup"}));

  std::istringstream lines(cgroups);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_THAT(line, EndsWith(":/"));
  EXPECT_GT(count, 0);
}

TEST_F(CgroupAdvancedIsolationTest, LimitIsOnTheOuterCgroup) {
  COVERS(spec::cgroup_advanced_isolation::kOuterLimited);
  ASSERT_OK_AND_ASSIGN(const PidsLimit limit, FindPidsLimit());
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(With(kIsolated, limit.key, "5")));

  ASSERT_OK_AND_ASSIGN(const std::string outer, OuterFile(limit));
  EXPECT_THAT(ReadCgroupFile(outer), SucceedsWith("5"));
  EXPECT_THAT(CountChildren(container, 8), SucceedsWith(4));
}

TEST_F(CgroupAdvancedIsolationTest, ContainerCannotRaiseItsLimit) {
  COVERS(spec::cgroup_advanced_isolation::kCannotBeRaised);
  ASSERT_OK_AND_ASSIGN(const PidsLimit limit, FindPidsLimit());
  const ConfigItems config = With(With(kIsolated, limit.key, "5"), "lxc.mount.auto", kMounts);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(config));

  const std::string mount = limit.hierarchy.empty() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/pids";
  for (const std::string& cgroup : kReached) {
    // Some of them are not there; what matters is what all this comes to.
    static_cast<void>(container.Ask({"write-to", mount + "/" + cgroup + "/pids.max", "max"}));
  }

  EXPECT_THAT(CountChildren(container, 8), SucceedsWith(Le(4)));
  ASSERT_OK_AND_ASSIGN(const std::string outer, OuterFile(limit));
  EXPECT_THAT(ReadCgroupFile(outer), SucceedsWith("5"));
}

TEST_F(CgroupAdvancedIsolationTest, ContainerCannotRaiseItsMemory) {
  COVERS(spec::cgroup_advanced_isolation::kMemoryCannotBeRaised);
  constexpr char kLimit[] = "33554432";
  ASSERT_OK_AND_ASSIGN(const ResourceLimit limit, FindMemoryLimit());
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Limited(limit, kLimit)));

  TakeLimitAway(container, limit, kReached);

  EXPECT_OK(container.Ask({"in-child", "allocate", "4194304"}));
  EXPECT_THAT(container.Ask({"in-child", "allocate", "67108864"}),
              AnyOf(SucceedsWith("killed by signal 9"), FailsWithErrno(ENOMEM)));
  EXPECT_THAT(ReadOuter(limit, limit.file), SucceedsWith(kLimit));
}

TEST_F(CgroupAdvancedIsolationTest, ContainerCannotRaiseItsCpuTime) {
  COVERS(spec::cgroup_advanced_isolation::kCpuCannotBeRaised);
  ASSERT_OK_AND_ASSIGN(const ResourceLimit limit, FindCpuLimit());
  // A tenth of a CPU, in periods of 100 ms.
  const std::string tenth = limit.hierarchy.empty() ? "10000 100000" : "10000";
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Limited(limit, tenth)));

  TakeLimitAway(container, limit, kReached);

  const auto held_back = [&]() -> Result<int> {
    ASSIGN_OR_RETURN(const std::string counts, ReadOuter(limit, "cpu.stat"));
    constexpr std::string_view kCount = "nr_throttled ";
    const size_t at = counts.find(kCount);
    if (at == std::string::npos) return Fail(ENOENT, "find nr_throttled");
    return std::stoi(counts.substr(at + kCount.size()));
  };
  ASSERT_OK_AND_ASSIGN(const int before, held_back());
  ASSERT_OK(container.Ask({"in-child", "compute", "60"}));
  EXPECT_THAT(held_back(), SucceedsWith(Gt(before + 2)));
  EXPECT_THAT(ReadOuter(limit, limit.file), SucceedsWith(tenth));
}

TEST_F(CgroupAdvancedIsolationTest, ItemIsTheOuterLimit) {
  COVERS(spec::cgroup_advanced_isolation::kItemRead);
  ASSERT_OK_AND_ASSIGN(const PidsLimit limit, FindPidsLimit());
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(With(kIsolated, limit.key, "5")));

  EXPECT_THAT(container->GetCgroupItem("pids.max"), SucceedsWith("5"));
  ASSERT_OK_AND_ASSIGN(const std::string outer, OuterFile(limit));
  ASSERT_OK(WriteCgroupFile(outer, "7"));
  EXPECT_THAT(container->GetCgroupItem("pids.max"), SucceedsWith("7"));
}

TEST_F(CgroupAdvancedIsolationTest, WrittenItemIsTheOuterLimit) {
  COVERS(spec::cgroup_advanced_isolation::kItemWritten);
  ASSERT_OK_AND_ASSIGN(const PidsLimit limit, FindPidsLimit());
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(With(kIsolated, limit.key, "5")));

  ASSERT_OK(container->SetCgroupItem("pids.max", "3"));

  ASSERT_OK_AND_ASSIGN(const std::string outer, OuterFile(limit));
  EXPECT_THAT(ReadCgroupFile(outer), SucceedsWith("3"));
  EXPECT_THAT(CountChildren(container, 8), SucceedsWith(2));
}

TEST_F(CgroupAdvancedIsolationTest, CgroupsAreGoneAfterAStop) {
  COVERS(spec::cgroup_advanced_isolation::kGoneAfterStop);
  ASSERT_OK_AND_ASSIGN(const auto folders, FoldersAt(kContainerPath));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kIsolated));
  ASSERT_GT(CountThere(folders), 0);

  ASSERT_OK(StopAndWait(*container));

  EXPECT_TRUE(Eventually([&] { return CountThere(folders); }, 0));
}

TEST_F(CgroupAdvancedIsolationTest, CgroupsAreGoneAfterInitWasKilled) {
  COVERS(spec::cgroup_advanced_isolation::kGoneAfterStop);
  ASSERT_OK_AND_ASSIGN(const auto folders, FoldersAt(kContainerPath));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kIsolated));
  ASSERT_GT(CountThere(folders), 0);

  ASSERT_OK(KillAndWait(container));

  EXPECT_TRUE(Eventually([&] { return CountThere(folders); }, 0));
}

TEST_F(CgroupAdvancedIsolationTest, WithAPivotTheMonitorsCgroupIsGoneToo) {
  COVERS(spec::cgroup_advanced_isolation::kPivot);
  ASSERT_OK_AND_ASSIGN(const auto folders, FoldersAt(kMonitorPath));
  ASSERT_OK_AND_ASSIGN(const auto pivots, FoldersAt(kPivotPath));
  const MadeCgroups made(pivots);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(With(kIsolated, kPivot, kPivotPath)));
  ASSERT_GT(CountThere(folders), 0);

  ASSERT_OK(StopAndWait(*container));

  EXPECT_TRUE(Eventually([&] { return CountThere(folders); }, 0));
}

TEST_F(CgroupAdvancedIsolationTest, RestartedContainerIsInItsPlaceAgain) {
  COVERS(spec::cgroup_advanced_isolation::kRestart);
  ASSERT_OK_AND_ASSIGN(const auto pivots, FoldersAt(kPivotPath));
  const MadeCgroups made(pivots);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(With(kIsolated, kPivot, kPivotPath)));
  ASSERT_OK(StopAndWait(*container));

  ASSERT_OK(container->Start({}));
  ASSERT_OK(container.AwaitNextInit());

  ExpectAllAt(container.init(), "/lxcspec.container/inner");
}

// Refusals.

TEST_F(CgroupAdvancedIsolationTest, PathsThatLeadElsewhereAreRefused) {
  COVERS(spec::cgroup_advanced_isolation::kPathRefused);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  for (const char* key : {kDir, kMonitor, kContainer, kInner, kPivot}) {
    ASSERT_OK(container->SetConfigItem(key, "kept"));

    for (const char* value : {"/kept", "..", "../kept", "a/../../kept"}) {
      EXPECT_THAT(container->SetConfigItem(key, value), Fails()) << key << " = " << value;
    }

    EXPECT_THAT(container->GetConfigItem(key), SucceedsWith("kept")) << key;
  }
  for (const char* value : {"a/b", "."}) {
    EXPECT_THAT(container->SetConfigItem(kInner, value), Fails()) << value;
  }
}

struct Combination {
  std::string name;
  ConfigItems config;
};

class CgroupAdvancedIsolationTogetherTest : public CgroupAdvancedIsolationTest,
                                            public ::testing::WithParamInterface<Combination> {};

TEST_P(CgroupAdvancedIsolationTogetherTest, ContainerDoesNotStart) {
  COVERS(spec::cgroup_advanced_isolation::kTogether);

  EXPECT_OK(ErrorsOfFailingStart(GetParam().config));
}

INSTANTIATE_TEST_SUITE_P(
    All, CgroupAdvancedIsolationTogetherTest,
    ::testing::Values(Combination{"MonitorAlone", {{kMonitor, kMonitorPath}}},
                      Combination{"ContainerAlone", {{kContainer, kContainerPath}}},
                      Combination{"MonitorAndInner", {{kMonitor, kMonitorPath}, {kInner, "inner"}}},
                      Combination{"WithDir",
                                  {{kDir, "lxcspec.dir"},
                                   {kMonitor, kMonitorPath},
                                   {kContainer, kContainerPath}}}),
    [](const auto& each) { return each.param.name; });

TEST_F(CgroupAdvancedIsolationTest, InnerCgroupAloneKeepsTheContainerFromStarting) {
  COVERS(spec::cgroup_advanced_isolation::kInnerAlone);

  EXPECT_OK(ErrorsOfFailingStart({{kInner, "inner"}}));
}

TEST_F(CgroupAdvancedIsolationTest, OnePathForBothKeepsTheContainerFromStarting) {
  COVERS(spec::cgroup_advanced_isolation::kOneForBoth);

  EXPECT_OK(ErrorsOfFailingStart({{kMonitor, kContainerPath}, {kContainer, kContainerPath}}));
}

TEST_F(CgroupAdvancedIsolationTest, TakenPathKeepsTheContainerFromStarting) {
  COVERS(spec::cgroup_advanced_isolation::kTaken);
  ASSERT_OK_AND_ASSIGN(const auto folders, FoldersAt(kContainerPath));
  const MadeCgroups others(folders);

  EXPECT_OK(ErrorsOfFailingStart(kPlaced));

  EXPECT_EQ(CountThere(folders), static_cast<int>(folders.size()));
}

TEST_F(CgroupAdvancedIsolationTest, WithoutRoomTheContainerDoesNotStart) {
  COVERS(spec::cgroup_advanced_isolation::kNoRoom);
  ASSERT_OK_AND_ASSIGN(const std::string full, CgroupFolder(kUnified, "/lxcspec.full"));
  const MadeCgroups made({full});
  ASSERT_OK(LetNoMoreBeMadeBelow(full));

  EXPECT_OK(ErrorsOfFailingStart({{kMonitor, "lxcspec.full/monitor"},
                                  {kContainer, "lxcspec.full/container"},
                                  {kInner, "inner"}}));
}

}  // namespace
}  // namespace lxcspec
