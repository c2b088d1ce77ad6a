// SPDX-License-Identifier: Apache-2.0
//
// Where containers are whose starter is in a cgroup of its own.

#include <unistd.h>

#include <string>
#include <vector>

#include "conformance/harness/cgroup_test.h"

namespace lxcspec {
namespace {

using ::testing::AnyOf;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kKey[] = "lxc.cgroup.relative";
constexpr char kStarter[] = "lxcspec.starter";
const ConfigItems kRelative = {{kKey, "1"}};

class CgroupRelativeTest : public CgroupTest {
 protected:
  // The folders of a process's cgroups that are below the starter's.
  static Result<std::vector<std::string>> FoldersBelow(pid_t process, const std::string& starter) {
    ASSIGN_OR_RETURN(const CgroupPaths paths, CgroupsOf(process));
    std::vector<std::string> folders;
    for (const auto& [hierarchy, path] : paths) {
      if (!path.starts_with(starter + "/")) continue;
      ASSIGN_OR_RETURN(const std::string folder, CgroupFolder(hierarchy, path));
      folders.push_back(folder);
    }
    return folders;
  }

  static bool AnyIsThere(const std::vector<std::string>& folders) {
    for (const std::string& folder : folders) {
      if (access(folder.c_str(), F_OK) == 0) return true;
    }
    return false;
  }
};

TEST_F(CgroupRelativeTest, IsAnnounced) {
  COVERS(spec::cgroup_relative::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("cgroup_relative"));
}

TEST_F(CgroupRelativeTest, KeyReadsAsItWasSet) {
  COVERS(spec::cgroup_relative::kKeyReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));
  EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("0"));

  for (const char* value : {"1", "0", "1"}) {
    ASSERT_OK(container->SetConfigItem(kKey, value));
    EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith(value));
  }
  ASSERT_OK(container->ClearConfigItem(kKey));

  EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith("0"));
}

TEST_F(CgroupRelativeTest, InitIsBelowTheStarter) {
  COVERS(spec::cgroup_relative::kBelowStarter);
  ASSERT_OK_AND_ASSIGN(const OwnCgroups own, OwnCgroups::Enter(kStarter));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kRelative));

  ASSERT_OK_AND_ASSIGN(const CgroupPaths paths, CgroupsOf(container.init()));
  for (const auto& [hierarchy, path] : paths) {
    EXPECT_THAT(path, StartsWith(own.path() + "/")) << "hierarchy '" << hierarchy << "'";
  }
}

TEST_F(CgroupRelativeTest, InitsParentIsNotOutsideOfTheStarters) {
  COVERS(spec::cgroup_relative::kMonitorBelowStarter);
  ASSERT_OK_AND_ASSIGN(const OwnCgroups own, OwnCgroups::Enter(kStarter));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kRelative));

  ASSERT_OK_AND_ASSIGN(const pid_t monitor, ParentOf(container.init()));
  ASSERT_OK_AND_ASSIGN(const CgroupPaths paths, CgroupsOf(monitor));
  for (const auto& [hierarchy, path] : paths) {
    EXPECT_THAT(path, AnyOf(own.path(), StartsWith(own.path() + "/")))
        << "hierarchy '" << hierarchy << "'";
  }
}

struct NotRelative {
  std::string name;
  ConfigItems config;
};

class CgroupRelativeOffTest : public CgroupRelativeTest,
                              public ::testing::WithParamInterface<NotRelative> {};

TEST_P(CgroupRelativeOffTest, InitIsNotBelowTheStarter) {
  COVERS(spec::cgroup_relative::kNotBelowStarter);
  ASSERT_OK_AND_ASSIGN(const OwnCgroups own, OwnCgroups::Enter(kStarter));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(GetParam().config));

  ASSERT_OK_AND_ASSIGN(const CgroupPaths paths, CgroupsOf(container.init()));
  for (const auto& [hierarchy, path] : paths) {
    EXPECT_THAT(path, Not(AnyOf(own.path(), StartsWith(own.path() + "/"))))
        << "hierarchy '" << hierarchy << "'";
  }
}

INSTANTIATE_TEST_SUITE_P(All, CgroupRelativeOffTest,
                         ::testing::Values(NotRelative{"Unset", {}},
                                           NotRelative{"Zero", {{kKey, "0"}}}),
                         [](const auto& each) { return each.param.name; });

TEST_F(CgroupRelativeTest, StartersLimitHolds) {
  COVERS(spec::cgroup_relative::kStartersLimitHolds);
  constexpr int kProcesses = 24;
  ASSERT_OK_AND_ASSIGN(const PidsLimit limit, FindPidsLimit());
  ASSERT_OK_AND_ASSIGN(const OwnCgroups own, OwnCgroups::Enter(kStarter));
  ASSERT_OK_AND_ASSIGN(const std::string folder, CgroupFolder(limit.hierarchy, own.path()));
  ASSERT_OK(WriteCgroupFile(folder + "/pids.max", std::to_string(kProcesses)));

  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kRelative));

  EXPECT_THAT(CountChildren(container, 2 * kProcesses), SucceedsWith(::testing::Lt(kProcesses)));
}

TEST_F(CgroupRelativeTest, StarterStaysWhereItIs) {
  COVERS(spec::cgroup_relative::kStarterStays);
  ASSERT_OK_AND_ASSIGN(const OwnCgroups own, OwnCgroups::Enter(kStarter));
  ASSERT_OK_AND_ASSIGN(const CgroupPaths before, CgroupsOf(getpid()));

  ASSERT_OK_AND_ASSIGN(auto relative, StartSilent(kRelative));
  EXPECT_THAT(CgroupsOf(getpid()), SucceedsWith(before));
  ASSERT_OK_AND_ASSIGN(auto other, StartSilent({}, "other"));
  EXPECT_THAT(CgroupsOf(getpid()), SucceedsWith(before));
}

TEST_F(CgroupRelativeTest, CgroupsAreGoneAfterAStop) {
  COVERS(spec::cgroup_relative::kGoneAfterStop);
  ASSERT_OK_AND_ASSIGN(const OwnCgroups own, OwnCgroups::Enter(kStarter));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kRelative));
  ASSERT_OK_AND_ASSIGN(const auto folders, FoldersBelow(container.init(), own.path()));
  ASSERT_TRUE(AnyIsThere(folders));

  ASSERT_OK(StopAndWait(*container));

  EXPECT_TRUE(Eventually([&] { return AnyIsThere(folders); }, false));
}

TEST_F(CgroupRelativeTest, CgroupsAreGoneAfterInitWasKilled) {
  COVERS(spec::cgroup_relative::kGoneAfterStop);
  ASSERT_OK_AND_ASSIGN(const OwnCgroups own, OwnCgroups::Enter(kStarter));
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kRelative));
  ASSERT_OK_AND_ASSIGN(const auto folders, FoldersBelow(container.init(), own.path()));
  ASSERT_TRUE(AnyIsThere(folders));

  ASSERT_OK(KillAndWait(container));

  EXPECT_TRUE(Eventually([&] { return AnyIsThere(folders); }, false));
}

struct Refused {
  std::string name;
  std::string value;
};

class CgroupRelativeRefusedTest : public CgroupRelativeTest,
                                  public ::testing::WithParamInterface<Refused> {};

TEST_P(CgroupRelativeRefusedTest, KeyKeepsItsValue) {
  COVERS(spec::cgroup_relative::kKeyRefused);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  for (const std::string value : {"0", "1"}) {
    ASSERT_OK(container->SetConfigItem(kKey, value));

    EXPECT_THAT(container->SetConfigItem(kKey, GetParam().value), Fails());

    EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith(value));
  }
}

INSTANTIATE_TEST_SUITE_P(All, CgroupRelativeRefusedTest,
                         ::testing::Values(Refused{"Two", "2"}, Refused{"Negative", "-1"},
                                           Refused{"Word", "true"}, Refused{"TextBehind", "1x"}),
                         [](const auto& each) { return each.param.name; });

TEST_F(CgroupRelativeTest, WithoutRoomBelowTheStarterTheContainerDoesNotStart) {
  COVERS(spec::cgroup_relative::kNoRoom);
  ASSERT_OK_AND_ASSIGN(const OwnCgroups own, OwnCgroups::Enter(kStarter));
  ASSERT_OK_AND_ASSIGN(const std::string folder, CgroupFolder(kUnified, own.path()));
  ASSERT_OK(LetNoMoreBeMadeBelow(folder));

  EXPECT_OK(ErrorsOfFailingStart(kRelative));
}

}  // namespace
}  // namespace lxcspec
