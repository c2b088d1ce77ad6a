// SPDX-License-Identifier: Apache-2.0
//
// What a container finds at /sys/fs/cgroup.

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "conformance/harness/cgroup_test.h"

namespace lxcspec {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr char kKey[] = "lxc.mount.auto";
constexpr char kPlace[] = "/sys/fs/cgroup";
constexpr char kOwnProcesses[] = "/sys/fs/cgroup/cgroup.procs";

class Cgroup2AutoMountingTest : public CgroupTest {
 protected:
  // Beside what a container needs to have a /sys/fs/cgroup.
  static ConfigItems Mounting(const std::string& words) {
    return {{kKey, "proc:rw sys:rw " + words}};
  }

  // What is mounted at kPlace in a container, the last on top: "cgroup2 rw", "tmpfs ro".
  static std::vector<std::string> MountsAtPlace(const ProbedContainer& container) {
    std::vector<std::string> found;
    std::ifstream mounts("/proc/" + std::to_string(container.init()) + "/mountinfo");
    for (std::string line; std::getline(mounts, line);) {
      const size_t dash = line.find(" - ");
      if (dash == std::string::npos) continue;
      std::istringstream before(line.substr(0, dash));
      std::istringstream behind(line.substr(dash + 3));
      std::string skipped, place, options, type;
      before >> skipped >> skipped >> skipped >> skipped >> place >> options;
      behind >> type;
      if (place == kPlace) found.push_back(type + " " + options.substr(0, 2));
    }
    return found;
  }
};

TEST_F(Cgroup2AutoMountingTest, IsAnnounced) {
  COVERS(spec::cgroup2_auto_mounting::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("cgroup2_auto_mounting"));
}

struct Word {
  std::string name;
  std::string word;
  std::string mode;
};

class Cgroup2AutoMountingWordTest : public Cgroup2AutoMountingTest,
                                    public ::testing::WithParamInterface<Word> {};

TEST_P(Cgroup2AutoMountingWordTest, IsTaken) {
  COVERS(spec::cgroup2_auto_mounting::kWordsTaken);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());

  EXPECT_OK(container->SetConfigItem(kKey, GetParam().word));
  EXPECT_OK(container->SetConfigItem(kKey, "proc " + GetParam().word + " sys:ro"));
}

TEST_P(Cgroup2AutoMountingWordTest, ReadsBack) {
  COVERS(spec::cgroup2_auto_mounting::kWordReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  ASSERT_OK(container->SetConfigItem(kKey, GetParam().word));

  EXPECT_THAT(container->GetConfigItem(kKey), SucceedsWith(HasSubstr(GetParam().word)));
}

TEST_P(Cgroup2AutoMountingWordTest, MountsTheUnifiedHierarchy) {
  COVERS(spec::cgroup2_auto_mounting::kMounted);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Mounting(GetParam().word)));

  EXPECT_THAT(MountsAtPlace(container), ElementsAre("cgroup2 " + GetParam().mode));
}

INSTANTIATE_TEST_SUITE_P(All, Cgroup2AutoMountingWordTest,
                         ::testing::Values(Word{"Plain", "cgroup2", "rw"},
                                           Word{"Forced", "cgroup2:force", "rw"},
                                           Word{"ReadOnly", "cgroup2:ro", "ro"},
                                           Word{"ReadOnlyForced", "cgroup2:ro:force", "ro"}),
                         [](const auto& each) { return each.param.name; });

TEST_F(Cgroup2AutoMountingTest, RootIsTheContainersOwnCgroup) {
  COVERS(spec::cgroup2_auto_mounting::kOwnRoot);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Mounting("cgroup2")));
  ASSERT_OK_AND_ASSIGN(const std::string folder, FolderOf(container.init()));
  ASSERT_OK(WriteCgroupFile(folder + "/cgroup.max.depth", "4711"));

  EXPECT_THAT(container.Ask({"read-from", kOwnProcesses}), SucceedsWith(StartsWith("1\n")));
  EXPECT_THAT(container.Ask({"read-from", "/sys/fs/cgroup/cgroup.max.depth"}),
              SucceedsWith(StartsWith("4711")));
}

TEST_F(Cgroup2AutoMountingTest, ContainerCanWriteToItsCgroup) {
  COVERS(spec::cgroup2_auto_mounting::kWritable);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Mounting("cgroup2")));

  // Into the cgroup that it is in: of the files that are delegated, where that is a mount's option.
  EXPECT_OK(container.Ask({"write-to", kOwnProcesses, "0"}));
}

TEST_F(Cgroup2AutoMountingTest, ReadOnlyMountRefusesWrites) {
  COVERS(spec::cgroup2_auto_mounting::kReadOnly);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Mounting("cgroup2:ro")));

  EXPECT_THAT(container.Ask({"write-to", kOwnProcesses, "0"}), FailsWithErrno(EROFS));
  EXPECT_THAT(container.Ask({"read-from", kOwnProcesses}), SucceedsWith(StartsWith("1\n")));
}

struct Words {
  std::string name;
  std::string words;
  std::string mode;
};

class Cgroup2AutoMountingLastTest : public Cgroup2AutoMountingTest,
                                    public ::testing::WithParamInterface<Words> {};

TEST_P(Cgroup2AutoMountingLastTest, LastWordHolds) {
  COVERS(spec::cgroup2_auto_mounting::kLastWord);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Mounting(GetParam().words)));

  EXPECT_THAT(MountsAtPlace(container), ElementsAre("cgroup2 " + GetParam().mode));
}

INSTANTIATE_TEST_SUITE_P(All, Cgroup2AutoMountingLastTest,
                         ::testing::Values(Words{"ReadOnlyLast", "cgroup2 cgroup2:ro", "ro"},
                                           Words{"WritableLast", "cgroup2:ro cgroup2", "rw"},
                                           Words{"AfterAnother", "cgroup:mixed cgroup2:ro", "ro"}),
                         [](const auto& each) { return each.param.name; });

TEST_F(Cgroup2AutoMountingTest, NothingIsMountedUnlessAskedFor) {
  COVERS(spec::cgroup2_auto_mounting::kNotAskedFor);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(Mounting("")));

  EXPECT_THAT(MountsAtPlace(container), IsEmpty());
}

TEST_F(Cgroup2AutoMountingTest, WordsThatOnlyBeginLikeTheseAreRefused) {
  COVERS(spec::cgroup2_auto_mounting::kWordsRefused);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());

  for (const char* word : {"cgroup2x", "cgroup2:row", "cgroup2:ro:forced", "cgroup2:ro:force:"}) {
    EXPECT_THAT(container->SetConfigItem(kKey, word), Fails()) << word;
  }
}

TEST_F(Cgroup2AutoMountingTest, WithoutANamespaceOfItsOwnTheContainerDoesNotStart) {
  COVERS(spec::cgroup2_auto_mounting::kNoNamespace);

  EXPECT_OK(ErrorsOfFailingStart(Joined(Mounting("cgroup2"), {{"lxc.namespace.keep", "cgroup"}})));
}

TEST_F(Cgroup2AutoMountingTest, WithoutAFolderForItTheContainerDoesNotStart) {
  COVERS(spec::cgroup2_auto_mounting::kNoFolder);

  EXPECT_OK(ErrorsOfFailingStart({{kKey, "proc cgroup2"}}));
}

TEST_F(Cgroup2AutoMountingTest, WithoutTheHierarchyTheContainerDoesNotStart) {
  COVERS(spec::cgroup2_auto_mounting::kNoHierarchy);

  EXPECT_OK(ErrorsOfFailingStart(Mounting("cgroup2")));
}

}  // namespace
}  // namespace lxcspec
